package render

import "regexp"

// firstLine puts cause, server's words and advice into the room there is. The cause comes
// first. The server may say itself what to do, so our advice is left out whole before
// its words are cut; of a long cause the words keep a share.
func firstLine(room int, cause, words, advice string) string {
	switch {
	case len(cause)+len(words)+len(advice) <= room:
		return cause + words + advice
	case len(cause)+len(words) <= room:
		return cause + words
	}
	cause = cut(cause, max(room-min(len(words), share), share))
	return cause + cut(words, room-len(cause))
}

// withoutTimes leaves out how long Dovecot says that a command took, which stands at
// the end of all that it says: "(0.001 + 0.000 secs)."
func withoutTimes(words string) string {
	return regexp.MustCompile(`\s*\(\d+\.\d+( \+ \d+\.\d+)* secs?\)\.?`).ReplaceAllString(words, "")
}
