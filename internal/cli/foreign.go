package cli

// foreignFlag says what to write in place of a flag that other programs have,
// check_imap, check_imap_receive, check_http, check_ssl_cert and curl, or that was
// renamed before 0.1.0; "" for others. No answer names a flag that takes protection away.
func foreignFlag(flag string) string {
	const (
		session  = "there is no such flag: the session sends what a mail client sends (docs/from-check_imap.md)"
		verified = "the certificate is verified as clients do it: give the right name with -H, a private CA with --ca-file"
		mismatch = "a flag of check_imap: write --state=not_imap=warning,bye=warning,expectation=warning"
		several  = "a flag of check_imap: write one expression with | between the texts in -e"
		search   = "a flag of check_imap_receive: write the search keys with --search, for example --search=UNSEEN"
		found    = "a flag of check_imap_receive: write a range for what --search finds, -w search_found=1: or -c search_found=1:"
		received = "a flag of check_imap_receive: see --search, --message and -w message_age=1h (docs/from-check_imap.md)"
		starttls = "write --tls=starttls"
		json     = "write -o json"
		verbose  = "write -vvv, or --transcript=FILE"
		days     = "write -D WARN,CRIT, the days that the certificate must still be valid"
		folder   = "write -m NAME"
		user     = "write -U NAME"
		authFile = "write --password-file=FILE"
	)
	return map[string]string{
		"--addresses": "it is called --all-addresses now", "--certificate-matches": "it is called --expect-certificate now",
		"-s": "-s of check_imap sends a text, which the session does itself, and for -s of check_imap_receive write --search",
		"-q": session, "-E": session, "-d": session, "--send": session, "--quit": session, "--escape": session, "--delay": session,
		"-j": "a flag of check_imap: the plugin closes nothing early, there is nothing to write in its place", "--jail": "a flag of check_imap: there is nothing to write in its place",
		"-M": mismatch, "--mismatch": mismatch,
		"-r": "a flag of check_imap: write --state=refused=warning", "--refuse": "a flag of check_imap: write --state=refused=warning",
		"-A": several, "--all": several,
		"--expect": "write -e REGEXP, for the text of the greeting", "--string": "write -e REGEXP, for the text of the greeting",
		"--maxbytes": "write --fetch=body --fetch-limit=SIZE, where the body is to be read",
		"-C":         days, "--certificate-days": days, "--days": days, "--expiration": days, "--warning-days": days, "--critical-days": days,
		"-k": verified, "--no-verify": verified, "--noverify": verified, "--no-check-certificate": verified, "--ignore-sig-alg": verified, "--selfsigned": verified,
		"--cacert": "write --ca-file=PEM", "--rootcert": "write --ca-file=PEM", "--cert": "write --client-cert=PEM", "--key": "write --client-key=PEM",
		"--starttls": starttls, "--ssl-reqd": starttls, "--ssl-version": "write --tls-min=1.2 or 1.3",
		"--json": json, "--format": json, "--debug": verbose, "--trace": verbose,
		"--login": user, "--user": user, "-u": user, "--logname": user,
		"--folder": folder, "--mbox": folder, "--authfile": authFile, "--passfile": authFile, "--netrc": authFile,
		"--host": "did you mean --hostname?", "--connect-to": "write --address=IP", "--resolve": "write --address=IP",
		"--subject": search, "--search-critical-min": found, "--search-warning-min": found, "--search-critical-max": found, "--search-warning-max": found,
		"--imap-retries": received, "--retries": received, "--retry-interval": received, "--capture-min": received, "--capture-max": received,
		"--capture-critical-min": received, "--nodelete": received, "--no-delete-captured": received, "--delete": received, "--download": received,
		"--download-max": received, "--peek": received, "--nopeek": received, "--hires": received, "--template": received,
	}[flag]
}
