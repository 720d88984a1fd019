package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// extractData writes data/ anew from a kernel's source and this machine.
func extractData(dir, source string) error {
	arches, err := readArches(filepath.Join(dir, architecturesFile))
	if err != nil {
		return err
	}
	kernel, err := sourceRelease(source)
	if err != nil {
		return err
	}
	tables, err := readKernelTables(source, arches)
	if err != nil {
		return err
	}
	x, err := findXSys(dir)
	if err != nil {
		return err
	}
	n, err := extractNumbers(x, arches, tables)
	if err != nil {
		return err
	}
	n.tables = kernel
	sets, err := readFlagSets(filepath.Join(dir, flagSetsFile), arches)
	if err != nil {
		return err
	}
	values, err := extractConstants(x, arches, sets)
	if err != nil {
		return err
	}
	corrections, err := readCorrections(filepath.Join(dir, correctionsFile), arches)
	if err != nil {
		return err
	}
	all, err := readDeclarations(source, arches)
	if err != nil {
		return err
	}
	p, err := tracePrototypes()
	if err != nil {
		return err
	}
	d := &declarations{kernel, needed(all, tables, arches, p)}
	running, err := extractPrototypes(p, corrections, d)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		numbersFile:      n.format(),
		entriesFile:      extractEntries(kernel, tables).format(),
		declarationsFile: d.format(),
		prototypesFile:   running.format(),
		constantsFile:    values.format(arches),
	} {
		if err := writeFile(filepath.Join(dir, name), content); err != nil {
			return err
		}
	}
	return nil
}

// makeVersion finds the release in the kernel's Makefile.
var makeVersion = regexp.MustCompile(`(?m)^VERSION = (\d+)\nPATCHLEVEL = (\d+)\nSUBLEVEL = (\d+)$`)

// sourceRelease gives the release of a kernel's source, such as "6.12.1".
func sourceRelease(source string) (string, error) {
	makefile, err := os.ReadFile(filepath.Join(source, "Makefile"))
	if err != nil {
		return "", err
	}
	m := makeVersion.FindSubmatch(makefile)
	if m == nil {
		return "", fmt.Errorf("%s is not the source of a kernel: its Makefile names no release", source)
	}
	return fmt.Sprintf("%s.%s.%s", m[1], m[2], m[3]), nil
}

// extractNumbers unites what all sources of numbers say.
func extractNumbers(x *xsys, arches []*arch, tables map[string][]tableLine) (*numbers, error) {
	headers, err := headerVersion()
	if err != nil {
		return nil, err
	}
	n := &numbers{headers: headers, module: x.version, linux: x.linux}
	seen, fromXSys := map[string]map[string]uint32{}, map[string]map[string]uint32{}
	for _, a := range arches {
		n.arches = append(n.arches, a.name)
		seen[a.name] = map[string]uint32{}
		for _, c := range tables[a.name] {
			seen[a.name][c.name] = c.nr
		}
		if fromXSys[a.name], err = x.numbersOf(a, arches, seen[a.name]); err != nil {
			return nil, err
		}
		if a.headerFile == "" {
			continue
		}
		header, err := headerNumbers(a)
		if err != nil {
			return nil, err
		}
		for name, nr := range header {
			if old, ok := seen[a.name][name]; ok && old != nr {
				return nil, fmt.Errorf("%s on %s: %s says %d, %s says %d", name, a.name, a.tableFile, old, a.headerFile, nr)
			}
		}
		maps.Copy(seen[a.name], header)
	}
	n.rows, err = mergeNumbers(arches, seen, fromXSys)
	return n, err
}

// extractPrototypes adds the sizes of the types with which the calls are
// declared.
func extractPrototypes(calls map[string]prototype, c *corrections, d *declarations) (*prototypes, error) {
	p := &prototypes{calls: calls, sizes: map[string]int{}}
	var err error
	if p.kernel, err = runningKernel(); err != nil {
		return nil, err
	}
	b, err := readBTF(btfFile)
	if err != nil {
		return nil, fmt.Errorf("the sizes of types come from BTF: %w", err)
	}
	sizes := b.sizes()
	note := func(q prototype) {
		for _, q := range q.params {
			if bits, ok := sizes[q.typ]; ok && !strings.HasSuffix(q.typ, "*") {
				p.sizes[q.typ] = bits
			}
		}
	}
	for _, call := range p.calls {
		note(call)
	}
	for _, proto := range c.protos {
		note(proto.prototype)
	}
	for _, variants := range d.calls {
		for _, proto := range variants {
			note(proto)
		}
	}
	return p, nil
}
