package main

import (
	"fmt"
	"path/filepath"
	"strings"
)

// extractData writes data/ anew from this machine.
func extractData(dir string) error {
	arches, err := readArches(filepath.Join(dir, architecturesFile))
	if err != nil {
		return err
	}
	n, err := extractNumbers(dir, arches)
	if err != nil {
		return err
	}
	corrections, err := readCorrections(filepath.Join(dir, correctionsFile), arches)
	if err != nil {
		return err
	}
	p, err := extractPrototypes(corrections)
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, numbersFile), n.format()); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, prototypesFile), p.format())
}

func extractNumbers(dir string, arches []*arch) (*numbers, error) {
	x, err := findXSys(dir)
	if err != nil {
		return nil, err
	}
	n := &numbers{module: x.version, linux: x.linux}
	if n.headers, err = headerVersion(); err != nil {
		return nil, err
	}
	fromHeaders, fromXSys := map[string]map[string]uint32{}, map[string]map[string]uint32{}
	for _, a := range arches {
		n.arches = append(n.arches, a.name)
		if fromXSys[a.name], err = x.numbers(a.name); err != nil {
			return nil, err
		}
		if a.headerFile != "" {
			if fromHeaders[a.name], err = headerNumbers(a); err != nil {
				return nil, err
			}
		}
	}
	n.rows, err = mergeNumbers(arches, fromHeaders, fromXSys)
	return n, err
}

func extractPrototypes(c *corrections) (*prototypes, error) {
	p := &prototypes{sizes: map[string]int{}}
	var err error
	if p.kernel, err = runningKernel(); err != nil {
		return nil, err
	}
	if p.calls, err = tracePrototypes(); err != nil {
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
	return p, nil
}
