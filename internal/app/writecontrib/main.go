// Writecontrib writes the generated files of contrib/. It is run by go generate
// in package app.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"check_imap_session/internal/app"
	"check_imap_session/internal/gen"
)

func main() {
	if err := write(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(root string) error {
	for _, f := range gen.Formats() {
		path := filepath.Join(root, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Write(app.Model()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
