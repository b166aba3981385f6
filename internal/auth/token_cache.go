package auth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"check_imap_session/internal/secret"
)

// maxCache is the largest size of a cache, in bytes: some hundred tokens.
const maxCache = 4 << 20

// cache is a file with the tokens of several checks. It is replaced as a whole, so
// that readers need no lock; writers wait for each other. The zero cache stores
// nothing.
type cache struct {
	path string
	key  string
}

type cacheFile struct {
	Version int                   `json:"version"`
	Tokens  map[string]cacheEntry `json:"tokens"`
}

type cacheEntry struct {
	Access  string    `json:"access_token"`
	Expires time.Time `json:"expires"`
}

const cacheVersion = 1

// cache returns the cache for tokens of this source. The key is a hash of everything
// that distinguishes two tokens. A refresh token counts by the path of its file, as the
// token itself changes.
func (t *TokenSource) cache() cache {
	if t.Cache == "" {
		return cache{}
	}
	place := ""
	if !t.RefreshToken.IsZero() {
		place = t.RefreshFile
		if abs, err := filepath.Abs(place); err == nil && place != "" {
			place = abs
		}
		sum := sha256.Sum256([]byte(place))
		place = hex.EncodeToString(sum[:])
	}
	client := t.ClientID
	if t.ServiceAccount != nil {
		client = t.ServiceAccount.Email
	}
	identity, _ := json.Marshal([]string{t.Grant(), t.URL.String(), client, t.Scope, t.Username, place})
	sum := sha256.Sum256(identity)
	return cache{t.Cache, hex.EncodeToString(sum[:])}
}

// get returns the cached token, or none.
func (c cache) get(learned func(...secret.Secret)) (Token, error) {
	if c.path == "" {
		return Token{}, nil
	}
	f, err := c.read()
	if err != nil {
		return Token{}, err
	}
	e, ok := f.Tokens[c.key]
	if !ok || e.Access == "" || time.Until(e.Expires) < renewal {
		return Token{}, nil
	}
	t := Token{Access: secret.New(e.Access), Expires: e.Expires, Cached: true}
	learned(t.Access)
	if err := CheckToken(t.Access); err != nil {
		return Token{}, err
	}
	return t, nil
}

// put stores a token, unless it expires soon or its expiry is not known.
func (c cache) put(ctx context.Context, t Token) error {
	if c.path == "" || time.Until(t.Expires) < renewal {
		return nil
	}
	return c.change(ctx, func(tokens map[string]cacheEntry) bool {
		tokens[c.key] = cacheEntry{t.Access.Reveal(), t.Expires.UTC().Truncate(time.Second)}
		return true
	})
}

// drop removes a token that the IMAP server has refused, unless another run has
// replaced it already.
func (c cache) drop(ctx context.Context, rejected secret.Secret) error {
	if c.path == "" || rejected.IsZero() {
		return nil
	}
	return c.change(ctx, func(tokens map[string]cacheEntry) bool {
		is := tokens[c.key].Access == rejected.Reveal()
		if is {
			delete(tokens, c.key)
		}
		return is
	})
}

// change edits the cache under its lock, unless edit returns false, and removes expired
// tokens. A cache that cannot be read is taken for an empty one.
func (c cache) change(ctx context.Context, edit func(map[string]cacheEntry) bool) error {
	return secret.Replacement{}.Edit(ctx, c.path, func() ([]byte, error) {
		file, _ := c.read()
		if file.Tokens == nil {
			file.Tokens = map[string]cacheEntry{}
		}
		if !edit(file.Tokens) {
			return nil, nil
		}
		maps.DeleteFunc(file.Tokens, func(_ string, e cacheEntry) bool { return time.Until(e.Expires) <= 0 })
		file.Version = cacheVersion
		data, err := json.Marshal(file)
		return append(data, '\n'), err
	})
}

// read reads the cache. A missing or empty file is an empty cache. A file that other
// users can read or write is refused.
func (c cache) read() (cacheFile, error) {
	f, st, err := secret.OpenOwn(c.path, os.O_RDONLY)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return cacheFile{}, nil
	case err != nil:
		return cacheFile{}, err
	}
	defer f.Close()
	if runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 { // Windows does not show it in the mode.
		return cacheFile{}, fmt.Errorf("other users can use it (mode %04o)", st.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxCache+1))
	switch {
	case err != nil:
		return cacheFile{}, err
	case len(data) > maxCache:
		return cacheFile{}, errors.New("is too large")
	case len(bytes.TrimSpace(data)) == 0:
		return cacheFile{}, nil
	}
	var file cacheFile
	if err := json.Unmarshal(data, &file); err != nil || file.Version != cacheVersion {
		return cacheFile{}, errors.New("is not understood")
	}
	return file, nil
}
