package secret

import "sync"

// Set is the secrets of a run, those that are known from the start and those that
// are met on the way, a fetched token. A nil *Set keeps nothing and masks nothing.
// It is safe for concurrent use.
type Set struct {
	mu      sync.Mutex
	secrets []Secret
	masker  *Masker // of secrets; nil when one was added since it was made
}

// Add adds secrets; zero ones are left out.
func (s *Set) Add(secrets ...Secret) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range secrets {
		if !one.IsZero() {
			s.secrets, s.masker = append(s.secrets, one), nil
		}
	}
}

// Mask returns text with the secrets of the set replaced, see Masker.
func (s *Set) Mask(text string) string {
	if s == nil {
		return text
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.masker == nil {
		s.masker = NewMasker(s.secrets...)
	}
	return s.masker.Replace(text)
}
