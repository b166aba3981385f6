package secret

import (
	"slices"
	"sync"
)

// Set is the secrets of a run: those that are known from the start and those that
// are met on the way, such as a fetched token. A nil *Set keeps nothing and masks
// nothing. It is safe for concurrent use.
type Set struct {
	mu      sync.Mutex
	secrets []Secret
	masker  *Masker // of secrets; nil when one was added since it was made
}

// Add adds secrets; zero ones and those that are there already are left out.
func (s *Set) Add(secrets ...Secret) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range secrets {
		known := slices.ContainsFunc(s.secrets, func(k Secret) bool { return k.Reveal() == one.Reveal() })
		if !known && !one.IsZero() {
			s.secrets, s.masker = append(s.secrets, one), nil
		}
	}
}

// Mask returns text with the secrets of the set replaced, see Masker.
func (s *Set) Mask(text string) string { return s.current().Replace(text) }

// MaskAll is Mask for words that were one text, see Masker.ReplaceAll.
func (s *Set) MaskAll(words []string) []string { return s.current().ReplaceAll(words) }

// current returns the Masker for all secrets so far.
func (s *Set) current() *Masker {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.masker == nil {
		s.masker = NewMasker(s.secrets...)
	}
	return s.masker
}
