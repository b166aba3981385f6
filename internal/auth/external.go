package auth

import "github.com/emersion/go-sasl"

// external is EXTERNAL: the server knows from elsewhere, the TLS client
// certificate, who it is. The response is the identity to act as, empty for the
// one the certificate stands for. See RFC 4422 appendix A.
type external struct{ identity string }

func (e external) Start() (string, []byte, error) {
	return External.Mechanism(), []byte(e.identity), nil
}

// Next refuses: there is nothing to ask after the first response.
func (external) Next([]byte) ([]byte, error) { return nil, sasl.ErrUnexpectedServerChallenge }
