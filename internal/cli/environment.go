package cli

// EnvVar is an environment variable from which the program takes a secret.
type EnvVar struct {
	Name     string
	Variable string // of Icinga, whose command definition fills it
	Doc      string
}

// Environment returns the variables that hold secrets.
func Environment() []EnvVar {
	return []EnvVar{
		{envPassword, "imap_session_password", "the password, when no option names another source; empty means unset"},
		{envClientSecret, "imap_session_oauth_client_secret", "the secret of the OAuth client, when no option names another source; empty means unset"},
	}
}
