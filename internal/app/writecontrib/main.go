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
	m, err := app.Model()
	if err != nil {
		return err
	}
	for _, f := range gen.Formats() {
		path := filepath.Join(root, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := f.Write(file, m); err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return nil
}
