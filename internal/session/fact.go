package session

import "check_imap_session/internal/client"

// maxFact is how much of one fact is kept, in bytes: with 64 addresses there are many
// facts, and a server can fill each.
const maxFact = 32 << 10

// keptFact returns a copy of the value of a fact, or its beginning with a mark.
func keptFact(value any) any {
	switch v := value.(type) {
	case string:
		return client.Beginning(v, maxFact)
	case []string:
		room := maxFact
		kept := make([]string, 0, len(v))
		for _, word := range v {
			if room <= 0 {
				return append(kept, "...")
			}
			word = client.Beginning(word, room)
			room -= len(word)
			kept = append(kept, word)
		}
		return kept
	}
	return value
}
