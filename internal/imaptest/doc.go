// Package imaptest runs a scripted IMAP server whose script reads like a
// transcript. The same script runs over TCP on 127.0.0.1 (Serve, Listen), over
// an in-memory connection inside testing/synctest (Pipe), and over any net.Conn
// (Parse, then Script.Run). It is for tests only and has no accounts: every
// user gets a healthy answer.
//
// # The script
//
// One instruction per line. Blanks around a line, empty lines and lines that
// start with # are ignored. {tag} stands for the tag of the last command read.
//
//	S: TEXT               send TEXT and CRLF; no escapes are interpreted
//	raw "GO STRING"       send these bytes and nothing else, e.g. raw "+ \x00"
//	repeat N S: TEXT      send it N times, buffered; {i} counts from 1 to N
//	repeat N raw "..."
//	forever [PAUSE] S: TEXT
//	forever [PAUSE] raw "..."
//	                      send it again and again until the client closes; what
//	                      the client sends meanwhile is read and recorded
//	greet                 S: * OK [CAPABILITY <capabilities>] ready
//	greet TEXT            S: * OK TEXT
//
//	C: {tag} PATTERN      read one line, take its first word as the tag, match
//	                      the rest; letters match in either case
//	C: PATTERN            read one line and match all of it, case-sensitively:
//	                      literal data, SASL responses, DONE
//
// In both, * is any run of characters (also none, also blanks), and a line must
// end in CRLF. C: reads one line whatever it holds, so a literal is one C: for
// the line with {n}, and one for each line after it.
//
//	wait 300ms            do nothing
//	chunk N [PAUSE]       from now on write N bytes at a time, with this pause
//	                      between; inside TLS every write is its own record.
//	                      chunk 0 ends it. Handshakes are not cut up.
//	below "GO STRING"     send these bytes below TLS, as they are
//	tls [NAME]            TLS handshake as the server, with Options.TLS or
//	                      Options.TLSConfigs[NAME]; all that follows is inside it
//
//	serve                 be a small healthy server up to LOGOUT, then close
//	serve VERB...         the same until the client sends one of these commands:
//	                      it is read and its tag is kept, but it is not answered.
//	                      LOGOUT ends the script here too, if it is not a VERB.
//	                      UID FETCH is both UID and FETCH.
//	delay VERB 300ms      from now on serve answers VERB after this time
//
// These end a script; nothing may follow them, and a script that ends without
// one of them ends as if by close:
//
//	close                 close: close_notify inside TLS, then FIN. As the other
//	                      side of a FIN may still send, what the client sends is
//	                      read and recorded until it closes, so that no RST
//	                      overtakes the last lines.
//	cut                   the same without close_notify (crypto/tls as a client
//	                      reports io.EOF for both)
//	reset                 RST: the client sees ECONNRESET (over a net.Conn that
//	                      is neither TCP nor from Pipe: a plain close)
//	hold                  answer nothing, read what comes until the client closes
//	freeze                not even read, until the client closes (Pipe) or the
//	                      server is stopped (TCP, where it cannot be seen)
//
// # The healthy server
//
// One account, three mailboxes, and in each the messages 1 to 42 with the UIDs
// 1001 to 1042, all received ten minutes ago. It keeps no state: FETCH works
// without EXAMINE, as a script may have answered EXAMINE itself. One message can be
// added by APPEND: UID SEARCH HEADER finds it, UID EXPUNGE removes it. It has
// CAPABILITY, STARTTLS, LOGIN, AUTHENTICATE (PLAIN, LOGIN, CRAM-MD5, EXTERNAL,
// XOAUTH2, OAUTHBEARER; any credentials will do), LIST, LSUB, SELECT, EXAMINE,
// STATUS, FETCH, SEARCH, UID FETCH, UID SEARCH, APPEND, UID STORE, UID EXPUNGE,
// NOOP, CHECK, CLOSE, UNSELECT, ENABLE, IDLE, ID, NAMESPACE, GETQUOTA, GETQUOTAROOT,
// MYRIGHTS and LOGOUT; all else is BAD. Literals are read, with and without
// continuation. STARTTLS and LOGINDISABLED leave the capabilities once TLS is on.
//
// # What is a fault
//
// A line of the client that does not match, a line without CRLF, and {tag} before
// any command. It is a *Mismatch: Run and Server.Close return it, Serve and Pipe
// report it at cleanup. A client that closes early or refuses the certificate is not a
// fault, as such tests are about that; Received tells what it sent.
package imaptest
