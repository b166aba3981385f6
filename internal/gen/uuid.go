package gen

import (
	"crypto/sha1" // RFC 9562 prescribes it; nothing here is a secret
	"fmt"
)

// uuid5 returns the version 5 UUID of a name below a namespace of our own,
// which is the version 5 UUID of the DNS name check-imap-session.invalid.
// See RFC 9562 section 5.5.
func uuid5(name string) string {
	dns := [16]byte{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	id := hashed(hashed(dns, "check-imap-session.invalid"), name)
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

func hashed(space [16]byte, name string) [16]byte {
	sum := sha1.Sum(append(space[:], name...))
	id := [16]byte(sum[:16])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}
