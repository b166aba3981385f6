//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const mainPackage = "./cmd/check_imap_session"

// listed is a package that the program is made of.
type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
	Module     *struct {
		Path string
		Main bool
	}
}

// unit is what is counted together: a module, or a package of the standard
// library. Ours is "".
func (l listed) unit() string {
	switch {
	case l.Standard || l.Module == nil:
		return l.ImportPath
	case l.Module.Main:
		return ""
	}
	return l.Module.Path
}

// binary says what a program is made of.
type binary struct {
	size     int64 // of the stripped file
	packages map[string]listed
	main     string           // the import path to begin with
	symbols  map[string]int64 // bytes of code and data by package, as far as they have a name
	named    int64            // their sum
}

// printSize prints how large the program is, and for what.
func printSize(ctx context.Context, s *site, _ int) error {
	b, err := s.examine(ctx, ours, mainPackage)
	if err != nil {
		return err
	}
	bare, err := s.examine(ctx, "bare", "./bench/bare")
	if err != nil {
		return err
	}
	fmt.Printf("%.2f MiB, stripped. The bare program has %.2f MiB.\n\n", mib(b.size), mib(bare.size))
	b.printParts(bare)
	b.printGrowth(bare)
	return nil
}

// printGrowth prints where the linker keeps more of a package than it does in
// the bare program.
func (b *binary) printGrowth(bare *binary) {
	fmt.Println("\n| package of the standard library, in both | MiB here | MiB in the bare program |")
	fmt.Println("|---|--:|--:|")
	for _, name := range slices.Sorted(maps.Keys(b.packages)) {
		one := func(l listed) bool { return l.ImportPath == name && l.Standard }
		here, there := b.share(one), bare.share(one)
		if there > 0 && here-there >= 0.05 {
			fmt.Printf("| %s | %.2f | %.2f |\n", name, here, there)
		}
	}
}

func (b *binary) printParts(bare *binary) {
	fmt.Println("| part | its own MiB | with what only it needs |")
	fmt.Println("|---|--:|--:|")
	fmt.Printf("| this program | %.2f | |\n", b.share(func(l listed) bool { return l.unit() == "" }))
	standard := func(l listed) bool { return l.Standard }
	fmt.Printf("| standard library; %.2f in the bare program | %.2f | |\n", bare.share(standard), b.share(standard))
	for _, c := range b.costs(bare) {
		fmt.Printf("| %s | %.2f | %.2f |\n", c.unit, c.own, c.all)
	}
}

// cost is what leaving out a dependency would save, in MiB of the file.
type cost struct {
	unit     string
	own, all float64
}

// costs returns all modules, and what our own packages import of the standard
// library beyond the bare program.
func (b *binary) costs(bare *binary) []cost {
	units := map[string]bool{}
	for _, l := range b.packages {
		if l.unit() != "" && !l.Standard {
			units[l.unit()] = true
		}
		if l.unit() == "" {
			for _, name := range l.Imports {
				if p := b.packages[name]; p.Standard && bare.packages[name].ImportPath == "" {
					units[name] = true
				}
			}
		}
	}
	var list []cost
	for unit := range units {
		kept := b.reachable(unit)
		c := cost{unit,
			b.share(func(l listed) bool { return l.unit() == unit }),
			b.share(func(l listed) bool { return !kept[l.ImportPath] })}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b cost) int { return cmp.Or(cmp.Compare(b.all, a.all), cmp.Compare(a.unit, b.unit)) })
	return list
}

// reachable returns the packages that would be left without a unit.
func (b *binary) reachable(without string) map[string]bool {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		l, ok := b.packages[name]
		if !ok || seen[name] || l.unit() == without {
			return
		}
		seen[name] = true
		for _, i := range l.Imports {
			visit(i)
		}
	}
	visit(b.main)
	visit("runtime") // which nothing needs to import
	return seen
}

// share returns how much of the file is for some packages, in MiB. What has no
// names, the tables of functions and types, is divided in proportion.
func (b *binary) share(of func(listed) bool) float64 {
	var sum int64
	for name, l := range b.packages {
		if of(l) {
			sum += b.symbols[name]
		}
	}
	return float64(sum) / float64(b.named) * mib(b.size)
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// examine builds a program once more, with symbols, and reads them.
func (s *site) examine(ctx context.Context, name, pkg string) (*binary, error) {
	b := &binary{packages: map[string]listed{}, symbols: map[string]int64{}}
	stripped, err := os.Stat(s.path(name))
	if err != nil {
		return nil, err
	}
	b.size = stripped.Size()
	packages, err := list(ctx, pkg)
	if err != nil {
		return nil, err
	}
	for _, l := range packages {
		b.packages[l.ImportPath] = l
	}
	b.main = packages[len(packages)-1].ImportPath
	file := s.path(name + "-with-symbols")
	if err := goBuild(ctx, "-o", file, pkg); err != nil {
		return nil, err
	}
	return b, b.readSymbols(file)
}

// list returns a package after all that it needs.
func list(ctx context.Context, pkg string) ([]listed, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-json=ImportPath,Imports,Standard,Module", pkg)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(text)); ; {
		var l listed
		if err := dec.Decode(&l); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, l)
	}
}

func (b *binary) readSymbols(file string) error {
	f, err := elf.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return err
	}
	for _, sym := range symbols {
		if int(sym.Section) >= len(f.Sections) || f.Sections[sym.Section].Type == elf.SHT_NOBITS {
			continue // not in the file
		}
		if name := packageOf(sym.Name, b.main); b.packages[name].ImportPath != "" {
			b.symbols[name] += int64(sym.Size)
		}
	}
	for size := range maps.Values(b.symbols) {
		b.named += size
	}
	return nil
}

// packageOf returns the import path in the name of a symbol.
func packageOf(symbol, main string) string {
	symbol, _, _ = strings.Cut(symbol, "[") // type arguments
	slash := strings.LastIndexByte(symbol, '/') + 1
	last, _, _ := strings.Cut(symbol[slash:], ".")
	name := strings.ReplaceAll(symbol[:slash]+last, "%2e", ".")
	if name == "main" {
		return main
	}
	return name
}
