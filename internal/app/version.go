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
	if revision := setting(info, "vcs.revision"); len(revision) >= 12 {
		return "devel-" + revision[:12]
	}
	return "devel"
}

// build says what was built how: "commit 0123456789ab of 2026-11-25, go1.26.8,
// linux/amd64".
func build() string {
	with := runtime.Version() + ", " + runtime.GOOS + "/" + runtime.GOARCH
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return with
	}
	revision := setting(info, "vcs.revision")
	if revision == "" {
		return with
	}
	commit := "commit " + revision[:min(len(revision), 12)]
	if day, _, ok := strings.Cut(setting(info, "vcs.time"), "T"); ok {
		commit += " of " + day
	}
	if setting(info, "vcs.modified") == "true" {
		commit += " with changes"
	}
	return commit + ", " + with
}

// setting returns what the build recorded under a key, "" for nothing.
func setting(info *debug.BuildInfo, key string) string {
	for _, s := range info.Settings {
		if s.Key == key {
			return s.Value
		}
	}
	return ""
}
