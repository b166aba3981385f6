package report

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// StepError is why a step failed: facts only, the judgement is judge's.
type StepError struct {
	// Step is the step to blame. It may be an earlier one than the step during
	// which it was noticed: a TLS 1.3 client certificate is refused with the
	// first read after the handshake.
	Step string
	// About is what that step depends on.
	About About
	// Err is what happened, as a typed error: one of this package's conditions,
	// or one of net, crypto/tls and crypto/x509. Never nil.
	Err error
	// Waiting names what was being waited for or attempted, "the answer to
	// LOGIN". Empty when nothing was.
	Waiting string
	// Reply is the server's reply that decided: the tagged NO or BAD, a
	// greeting that is no OK, the untagged BYE. Nil when no reply did.
	Reply *Reply
	// Said holds the untagged NO, BAD, ALERT and unknown lines that came while
	// waiting, oldest first: often the only place where the reason stands.
	Said []string
	// Line is the offending line of the server, for what cannot be parsed.
	Line string
	// Greeting is the text of the server's greeting, for wordings that mean
	// different things on different servers.
	Greeting string
	// Mechanism is the SASL mechanism of a login that failed, "XOAUTH2"; "" for
	// the LOGIN command and at all other steps.
	Mechanism string
	// Mailbox is the mailbox that the step was about, in UTF-8; "" when about none.
	Mailbox string
	// Among is the one of several mailboxes in whose steps it happened.
	Among Mailbox
	// Near are mailboxes of the LIST of this session whose names come closest to
	// Mailbox, the closest first; nil when none does or there was no LIST.
	Near []NearMailbox
	// SearchKeys are the keys of --search, where the command had them; "" elsewhere.
	SearchKeys string
	// Arrived is what had come of an answer that was not complete when the time
	// was up; nil when nothing had.
	Arrived *Arrived
	// Encrypted says whether TLS was on when it happened.
	Encrypted bool
	// Setup is what was asked for and may be the cause.
	Setup Setup
	// Tried says how each address ended, of a connect that failed at all of them;
	// nil for every other failure.
	Tried []Tried
}

// Setup is what of the configuration the advice on a failure depends on. The zero
// value is that of a check without any of these flags.
type Setup struct {
	Username       string // "" when the check does not log in with one
	PasswordFile   string // where the password came from, as it was named; "" when from no file
	PasswordDoubt  string // what is odd about the password, for the case that it is rejected; "" when nothing is
	AddressName    string // the name given with --address, resolved in place of the host; "" for none
	Family         string // "4" or "6" with -4 or -6
	Proxy          string // version of the PROXY header that was sent: "v1"
	StartTLS       bool   // --tls=starttls
	TLSMin         string // "1.0", "1.1" or "1.3"; "" means 1.2, the default
	SmallHello     bool   // --tls-small-hello
	CertificateKey string // --certificate-key
}

// Tried is how a connection to an address ended.
type Tried struct {
	Address string // without the port
	Port    uint16
	Err     error
}

// LookupError is the condition that a question to the name server brought no
// address: the error of package net, or of the context, for this question.
type LookupError struct {
	Question string // "A", "AAAA" or "A and AAAA"
	Err      error
}

func (e *LookupError) Error() string { return e.Question + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *LookupError) Unwrap() error { return e.Err }

func (e *StepError) Error() string {
	var b strings.Builder
	b.WriteString(e.Step)
	b.WriteString(": ")
	b.WriteString(e.Err.Error())
	return MapForeign(b.String(), func(s string) string { return s })
}

// Unwrap returns Err.
func (e *StepError) Unwrap() error { return e.Err }

// Reply is a status reply of the server.
type Reply struct {
	Status string // "OK", "NO", "BAD", "BYE" or "PREAUTH", upper case
	Code   string // response code, upper case: "AUTHENTICATIONFAILED"; "" when none
	Arg    string // the code's arguments as sent
	Text   string // human text as sent
}

// String returns the reply's words as the server said them, without its status.
func (r *Reply) String() string {
	if r.Code == "" {
		return r.Text
	}
	code := r.Code
	if r.Arg != "" {
		code += " " + r.Arg
	}
	return strings.TrimSpace("[" + code + "] " + r.Text)
}

// Conditions that session and the packages below it report and judge recognises.
// They carry no words for the user: those are in judge's table.
var (
	ErrTimeout          = errors.New("the time is up")
	ErrInterrupted      = errors.New("interrupted by a signal")
	ErrInternal         = errors.New("internal error")
	ErrConfig           = errors.New("configuration")
	ErrClosed           = errors.New("connection closed by the server")
	ErrTooLarge         = errors.New("more data than a mail server usually sends")
	ErrProtocol         = errors.New("not understood")
	ErrBye              = errors.New("server said BYE")
	ErrNo               = errors.New("server said NO")
	ErrBad              = errors.New("server said BAD")
	ErrNoAddress        = errors.New("name has no address of the wanted family")
	ErrStartTLSMissing  = errors.New("STARTTLS is not offered")
	ErrStartTLSRefused  = errors.New("STARTTLS was refused")
	ErrInjected         = errors.New("plain text came after the answer to STARTTLS")
	ErrPlaintextRefused = errors.New("no secret is sent over an unencrypted connection")
	ErrLoginDisabled    = errors.New("server forbids LOGIN and offers no other way that is possible here")
	ErrNoMechanism      = errors.New("server does not offer the mechanism asked for")
	ErrServerProof      = errors.New("server did not prove that it knows the password")
	ErrToken            = errors.New("no access token could be obtained")
	ErrMessageMissing   = errors.New("no such message")
	ErrMisfiled         = errors.New("the message is in the mailbox for spam")
	ErrMailboxEmpty     = errors.New("the mailbox is empty") // beside ErrMessageMissing, where no certain message was asked for
	ErrExpectation      = errors.New("not as expected")
	ErrReadOnly         = errors.New("nothing can be written")
	ErrNotOffered       = errors.New("not offered by the server")
	ErrAddressFailed    = errors.New("another address of the name did not answer")
	ErrNodesDiffer      = errors.New("the nodes do not have the same mail")
	ErrValidityDiffers  = errors.New("UIDVALIDITY differs between the nodes")
	ErrManyAddresses    = errors.New("more addresses than are used")

	ErrSelfSigned          = errors.New("self-signed")
	ErrMissingIntermediate = errors.New("intermediate missing, or a private CA")
	ErrUnknownAuthority    = errors.New("unknown authority")
	ErrWeakSignature       = errors.New("weak signature")
	ErrWeakKey             = errors.New("weak key")
	ErrMalformed           = errors.New("malformed certificate")
	// ErrCertificateMismatch is the condition of a trusted certificate that is
	// not the expected one; ErrOtherCertificate that of one which nothing else
	// vouches for.
	ErrCertificateMismatch = errors.New("the server shows another certificate")
	ErrOtherCertificate    = errors.New("the server shows another certificate, and it is not verified")
)

// LoginHeld is the condition that no login was tried, because one was rejected before:
// by another address of this run, or in an earlier run.
type LoginHeld struct {
	Address string // that has rejected it in this run; "" for an earlier run
	// Rejected is when it was in an earlier run, Next when a login may be tried again.
	Rejected, Next time.Time
	// File says that a change of the file that the secret is in ends the wait too.
	File bool
}

func (e *LoginHeld) Error() string { return "no login after one that was rejected" }

// TokenRefused is the condition that the OAuth 2.0 token endpoint answered and
// gave no token. See RFC 6749 section 5.2.
type TokenRefused struct {
	Status      int    // of HTTP
	Code        string // "invalid_client"; "" when the answer has none
	Description string // for a person, as sent: "AADSTS7000222: ..."; "" when there is none
}

// Error returns code and status. The description is foreign text and stands in
// StepError.Said.
func (e *TokenRefused) Error() string {
	if e.Code == "" {
		return fmt.Sprintf("HTTP %d", e.Status)
	}
	return fmt.Sprintf("%s (HTTP %d)", e.Code, e.Status)
}

// NotIMAP is the condition that something else than an IMAP server answered.
type NotIMAP struct {
	Service string // what it looks like: "SMTP", "POP3", "TLS" ...; "" when unknown
	Hint    string // the flag that would fix it: "--tls=implicit"; "" when it takes another port
	Said    string // the first line it sent
	Binary  int    // bytes that had come, where they are no text; 0 otherwise
}

func (e *NotIMAP) Error() string {
	if e.Service == "" {
		return "not an IMAP server"
	}
	return "not an IMAP server: " + e.Service
}
