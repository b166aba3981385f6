"""The session of the plugin in Python, with imaplib.

session.py HOST PORT CA-FILE USER PASSWORD-FILE
"""

import imaplib
import ssl
import sys

host, port, ca_file, user, password_file = sys.argv[1:]
with open(password_file) as f:
    password = f.readline().rstrip("\n")
context = ssl.create_default_context(cafile=ca_file)
with imaplib.IMAP4_SSL(host, int(port), ssl_context=context) as imap:  # logs out at its end
    imap.login(user, password)
    imap.list('""', "*")
    _, messages = imap.select("INBOX", readonly=True)
    kind, _ = imap.fetch(messages[0].decode(), "(FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER]<0.2048>)")
if kind != "OK":
    sys.exit(2)
print("OK")
