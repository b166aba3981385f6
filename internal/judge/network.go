package judge

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"check_imap_session/internal/report"
)

// networkFailures tell apart what keeps a connection from being made or answered.
func networkFailures() []failureRow {
	return []failureRow{
		{Kind: "timeout", Match: both(at(report.ErrTimeout, report.StepDNS), oneUnanswered), Detail: waiting,
			Advice:  "does the name server answer this question? -4 asks for A alone, -6 for AAAA",
			Example: lookupExample("AAAA", report.ErrTimeout, report.Setup{})},
		{Kind: "timeout", Match: at(report.ErrTimeout, report.StepDNS), Detail: waiting,
			Advice:  "does this machine reach its name servers? see /etc/resolv.conf",
			Example: example(report.StepDNS, report.ErrTimeout)},
		{Kind: "timeout", Match: at(report.ErrTimeout, report.StepConnect), Detail: waiting,
			Advice:  "is the host up, and does a firewall drop the packets?",
			Example: example(report.StepConnect, report.ErrTimeout)},
		{Kind: "timeout", Match: both(at(report.ErrTimeout, report.StepTLS), func(e *report.StepError) bool { return e.Setup.Proxy != "" }),
			Detail:  waiting,
			Advice:  "does the port expect PROXY? else leave out --proxy-protocol",
			Example: setupExample(report.StepTLS, report.ErrTimeout, report.Setup{Proxy: "v2"})},
		{Kind: "timeout", Match: both(at(report.ErrTimeout, report.StepTLS), func(e *report.StepError) bool { return e.Setup.StartTLS && !e.Setup.SmallHello }),
			Detail:  waiting,
			Advice:  "is a big ClientHello dropped on the way? try --tls-small-hello",
			Example: setupExample(report.StepTLS, report.ErrTimeout, report.Setup{StartTLS: true})},
		{Kind: "timeout", Match: both(at(report.ErrTimeout, report.StepTLS), func(e *report.StepError) bool { return e.Setup.StartTLS }),
			Detail:  waiting,
			Advice:  "does the server hang, or is something on the way dropping packets? see its log",
			Example: setupExample(report.StepTLS, report.ErrTimeout, report.Setup{StartTLS: true, SmallHello: true})},
		{Kind: "timeout", Match: both(at(report.ErrTimeout, report.StepTLS), func(e *report.StepError) bool { return !e.Setup.SmallHello }),
			Detail:  waiting,
			Advice:  "does the port speak TLS at once? else try --tls=starttls or --tls-small-hello",
			Example: example(report.StepTLS, report.ErrTimeout)},
		{Kind: "timeout", Match: at(report.ErrTimeout, report.StepTLS), Detail: waiting,
			Advice:  "does the port speak TLS at once? else use --tls=starttls",
			Example: setupExample(report.StepTLS, report.ErrTimeout, report.Setup{SmallHello: true})},
		{Kind: "timeout", Match: both(at(report.ErrTimeout, report.StepGreeting), encrypted), Detail: waiting,
			Advice:  "TLS works, but no greeting comes: is it another service (HTTP), or is the server overloaded?",
			Example: &report.StepError{Step: report.StepGreeting, Err: report.ErrTimeout, Encrypted: true}},
		{Kind: "timeout", Match: at(report.ErrTimeout, report.StepGreeting), Detail: waiting,
			Advice:  "does the port want TLS at once (--tls=implicit)? else is it overloaded?",
			Example: example(report.StepGreeting, report.ErrTimeout)},
		{Kind: "timeout", Match: at(report.ErrTimeout, report.StepLogin), Detail: waiting,
			Advice:  "does the server reach its user database (LDAP, SQL, PAM)?",
			Example: example(report.StepLogin, report.ErrTimeout)},
		{Kind: "timeout", Match: both(is(report.ErrTimeout), onStore), Detail: waiting,
			Advice:  "is the mail store slow or locked?",
			Example: about(report.AboutMailbox, example(report.StepSelect, report.ErrTimeout))},
		{Kind: "timeout", Match: either(is(report.ErrTimeout), is(syscall.ETIMEDOUT)), Detail: waiting,
			Advice: "is the server overloaded?", Example: example(report.StepCapability, report.ErrTimeout)},
		{Kind: "dns", Match: both(is(report.ErrNoAddress), func(e *report.StepError) bool { return e.Setup.Family == "6" }), Detail: text,
			Advice:  "leave out -6, or add an AAAA record",
			Example: lookupExample("", fmt.Errorf("%w: imap.example.com has no IPv6 address", report.ErrNoAddress), report.Setup{Family: "6"})},
		{Kind: "dns", Match: both(is(report.ErrNoAddress), func(e *report.StepError) bool { return e.Setup.Family == "4" }), Detail: text,
			Advice:  "leave out -4, or add an A record",
			Example: lookupExample("", fmt.Errorf("%w: imap.example.com has no IPv4 address", report.ErrNoAddress), report.Setup{Family: "4"})},
		{Kind: "dns", Match: is(report.ErrNoAddress), Detail: text,
			Advice:  "leave out --source, or add the address to the DNS",
			Example: example(report.StepDNS, fmt.Errorf("%w: imap.example.com has no address of the family of 192.0.2.1", report.ErrNoAddress))},
		{Kind: "dns", Match: func(e *report.StepError) bool {
			d, ok := errors.AsType[*net.DNSError](e.Err)
			return ok && d.Err == misbehaving
		}, Detail: dnsDetail,
			Advice:  "is the zone broken, or its DNSSEC? see the log of the name server",
			Example: example(report.StepDNS, &net.DNSError{Err: misbehaving})},
		{Kind: "dns", Match: both(as[*net.DNSError](), func(e *report.StepError) bool { return e.Setup.AddressName != "" }), Detail: dnsDetail,
			Advice:  "correct the address of the host in the monitoring",
			Example: lookupExample("A", &net.DNSError{Err: "no such host", IsNotFound: true}, report.Setup{AddressName: "nosuch.invalid"})},
		{Kind: "dns", Match: as[*net.DNSError](), Detail: dnsDetail,
			Advice:  "check the name (-H) and the name servers of this machine",
			Example: example(report.StepDNS, &net.DNSError{Err: "no such host", IsNotFound: true})},
		{Kind: "address_failed", Match: is(report.ErrManyAddresses), Phrase: manyAddresses, State: report.Warning,
			Advice:  "is that really one service? give those that matter with --address",
			Example: example(report.StepDNS, fmt.Errorf("%w: 100, of which the first 64 are used", report.ErrManyAddresses))},
		{Kind: "refused", Match: is(syscall.ECONNREFUSED), Detail: nobodyListens,
			Advice:  "is the IMAP service running, and is this its port?",
			Example: example(report.StepConnect, syscall.ECONNREFUSED)},
		{Kind: "address_failed", Match: is(report.ErrAddressFailed), Detail: text,
			Advice:  "is this node down? else take its address out of the DNS",
			Example: example(report.StepConnect, report.ErrAddressFailed)},
		{Kind: "nodes_differ", Match: is(report.ErrValidityDiffers), State: report.Warning, Detail: text,
			Advice:  "was the mailbox made anew on one of them? mail clients load everything again",
			Example: example(report.StepSelect, fmt.Errorf("%w: UIDVALIDITY of INBOX is 1 at 192.0.2.7 and 2 at 192.0.2.8", report.ErrValidityDiffers)),
			Source:  "RFC 9051 section 2.3.1.1"},
		{Kind: "nodes_differ", Match: is(report.ErrNodesDiffer), Detail: text,
			Advice:  "did mail arrive meanwhile, or does replication lag?",
			Example: example(report.StepSelect, fmt.Errorf("%w: messages in INBOX: 40 at 192.0.2.8 and 42 at 192.0.2.7", report.ErrNodesDiffer))},
		{Kind: "config", Match: func(e *report.StepError) bool {
			call, ok := errors.AsType[*os.SyscallError](e.Err)
			return ok && call.Syscall == "bind"
		}, Detail: networkDetail,
			Advice:  "is --source an address of this machine?",
			Example: example(report.StepConnect, os.NewSyscallError("bind", syscall.EADDRNOTAVAIL))},
		{Kind: "unreachable", Match: func(e *report.StepError) bool {
			return e.Step == report.StepConnect && !gone(e)
		}, Detail: networkDetail,
			Advice: "check routing, firewall and address family", Example: example(report.StepConnect, syscall.EHOSTUNREACH)},
	}
}

func manyAddresses(e *report.StepError) string { return "brought too many addresses: " + text(e) }

// nobodyListens names the addresses that refused the connection, and what was
// wrong with others.
func nobodyListens(e *report.StepError) string {
	if addrs := triedWith(e, syscall.ECONNREFUSED); len(addrs) > 0 {
		return withOthers(fmt.Sprintf("nothing listens on %s port %d", someAddresses(addrs), e.Tried[0].Port), e, syscall.ECONNREFUSED)
	}
	return ""
}

func networkDetail(e *report.StepError) string {
	errno, ok := errors.AsType[syscall.Errno](e.Err)
	if !ok {
		return text(e)
	}
	detail := errno.Error()
	switch addrs := triedWith(e, errno); {
	case len(addrs) > 0:
		detail += fmt.Sprintf(", %s port %d", someAddresses(addrs), e.Tried[0].Port)
	case e.Waiting != "":
		detail += ", waiting for " + e.Waiting
	}
	return withOthers(detail, e, errno)
}

// triedWith returns the addresses that ended with an error.
func triedWith(e *report.StepError, err error) []string {
	var out []string
	for _, a := range e.Tried {
		if errors.Is(a.Err, err) {
			out = append(out, a.Address)
		}
	}
	return out
}

// withOthers adds the addresses that ended with another error than this one, each
// with its own.
func withOthers(detail string, e *report.StepError, err error) string {
	var reasons []string
	addrs := map[string][]string{}
	for _, a := range e.Tried {
		if errors.Is(a.Err, err) {
			continue
		}
		reason := "no answer"
		if errno, ok := errors.AsType[syscall.Errno](a.Err); ok {
			reason = errno.Error()
		}
		if addrs[reason] == nil {
			reasons = append(reasons, reason)
		}
		addrs[reason] = append(addrs[reason], a.Address)
	}
	for _, reason := range reasons {
		detail += fmt.Sprintf(", %s: %s", someAddresses(addrs[reason]), reason)
	}
	return detail
}

// someAddresses lists the first addresses.
func someAddresses(addrs []string) string {
	const most = 4
	if len(addrs) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(addrs[:most], ", "), len(addrs)-most)
	}
	return strings.Join(addrs, ", ")
}

// oneUnanswered reports that of two questions to the name server one was answered,
// by no address.
func oneUnanswered(e *report.StepError) bool {
	l, ok := errors.AsType[*report.LookupError](e.Err)
	return ok && e.Setup.Family == "" && (l.Question == "A" || l.Question == "AAAA")
}

func lookupExample(question string, err error, u report.Setup) *report.StepError {
	e := &report.StepError{Step: report.StepDNS, Err: err, Setup: u}
	if question != "" {
		e.Err = &report.LookupError{Question: question, Err: err}
		e.Waiting = "the answer to " + question + " from the name server"
	}
	return e
}

func dnsDetail(e *report.StepError) string {
	d, _ := errors.AsType[*net.DNSError](e.Err)
	server := "the name server"
	if d.Server != "" {
		server += " " + d.Server
	}
	switch {
	case d.IsNotFound:
		if e.Setup.AddressName != "" {
			return "--address " + e.Setup.AddressName + " does not exist or has no address"
		}
		return "the name does not exist or has no address"
	case d.IsTimeout:
		return server + " does not answer"
	case strings.HasSuffix(d.Err, syscall.ECONNREFUSED.Error()): // net has no more than the text
		return server + " does not answer, connection refused"
	case d.Err == misbehaving:
		return server + " answers with an error (SERVFAIL, REFUSED)"
	}
	return report.Foreign(d.Err)
}

// misbehaving is what package net says of every answer but NOERROR and NXDOMAIN.
const misbehaving = "server misbehaving"
