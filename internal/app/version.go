package app

import (
	"runtime"
	"runtime/debug"
	"strings"
)

// version is set at link time: -ldflags "-X check_imap_session/internal/app.version=1.2.3".
var version = ""

// Version returns the version that was linked in, else what the build recorded.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "devel-" + s.Value[:12]
		}
	}
	return "devel"
}

// build says what was built how: "commit 0123456789ab of 2026-11-25, go1.26.8,
// linux/amd64".
func build() string {
	parts := []string{runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return strings.Join(parts, ", ")
	}
	of := map[string]string{}
	for _, s := range info.Settings {
		of[s.Key] = s.Value
	}
	if revision := of["vcs.revision"]; revision != "" {
		commit := "commit " + revision[:min(len(revision), 12)]
		if day, _, ok := strings.Cut(of["vcs.time"], "T"); ok {
			commit += " of " + day
		}
		if of["vcs.modified"] == "true" {
			commit += " with changes"
		}
		parts = append([]string{commit}, parts...)
	}
	return strings.Join(parts, ", ")
}
