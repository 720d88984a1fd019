package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

const numbersFile = "data/numbers.txt"

// numbers is data/numbers.txt: on which architecture which call has which
// number, and who says so.
type numbers struct {
	tables  string // release of the kernel's source, whose tables were read
	headers string // release of the kernel headers
	module  string // version of golang.org/x/sys
	linux   string // release of the kernel that golang.org/x/sys was made from
	arches  []string
	rows    map[string]map[string]number // by name, then by architecture
}

type number struct {
	nr uint32
	// unseen: the kernel's tables and headers do not have the call.
	unseen bool
}

// mergeNumbers unites what the kernel's tables and headers, and golang.org/x/sys
// say. They must not contradict each other.
func mergeNumbers(arches []*arch, fromKernel, fromXSys map[string]map[string]uint32) (map[string]map[string]number, error) {
	rows := map[string]map[string]number{}
	set := func(name, arch string, n number) {
		if rows[name] == nil {
			rows[name] = map[string]number{}
		}
		rows[name][arch] = n
	}
	var errs []error
	for _, a := range arches {
		kernel := fromKernel[a.name]
		for name, nr := range kernel {
			if x, ok := fromXSys[a.name][name]; ok && x != nr {
				errs = append(errs, fmt.Errorf("%s on %s: the kernel says %d, %s says %d", name, a.name, nr, xsysModule, x))
			}
			set(name, a.name, number{nr, false})
		}
		for name, nr := range fromXSys[a.name] {
			_, seen := kernel[name]
			set(name, a.name, number{nr, !seen})
		}
	}
	return rows, errors.Join(errs...)
}

const numbersHead = `# System call numbers of Linux by architecture. Written by mksyscalls -extract.
#
# tables is the release of the kernel's source, read for every architecture.
# headers is that of the kernel headers (linux-libc-dev), read for those that
# name a header in architectures.txt. x/sys is the version of golang.org/x/sys,
# read for every architecture of Go, and the kernel release that it was made from.
# A number with "+" is from x/sys alone: the others are older than the call. "-":
# the architecture does not have the call.

`

func (n *numbers) format() []byte {
	var b bytes.Buffer
	b.WriteString(numbersHead)
	fmt.Fprintf(&b, "tables %s\nheaders %s\nx/sys %s %s\n\n", n.tables, n.headers, n.module, n.linux)
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	fmt.Fprintf(w, "name\t%s\n", strings.Join(n.arches, "\t"))
	for _, name := range slices.Sorted(maps.Keys(n.rows)) {
		fmt.Fprint(w, name)
		for _, a := range n.arches {
			c, ok := n.rows[name][a]
			switch {
			case !ok:
				fmt.Fprint(w, "\t-")
			case c.unseen:
				fmt.Fprintf(w, "\t%d+", c.nr)
			default:
				fmt.Fprintf(w, "\t%d", c.nr)
			}
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	return b.Bytes()
}

func readNumbers(path string) (*numbers, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	return parseNumbers(lines)
}

func parseNumbers(lines []line) (*numbers, error) {
	n := &numbers{rows: map[string]map[string]number{}}
	for _, l := range lines {
		f := strings.Fields(l.text)
		switch {
		case f[0] == "tables" && len(f) == 2:
			n.tables = f[1]
		case f[0] == "headers" && len(f) == 2:
			n.headers = f[1]
		case f[0] == "x/sys" && len(f) == 3:
			n.module, n.linux = f[1], f[2]
		case f[0] == "name":
			n.arches = f[1:]
		case len(f) != len(n.arches)+1:
			return nil, l.errorf("%d numbers for %d architectures", len(f)-1, len(n.arches))
		case n.rows[f[0]] != nil:
			return nil, l.errorf("%s is there twice", f[0])
		default:
			row, err := parseRow(f[1:], n.arches)
			if err != nil {
				return nil, l.errorf("%s: %w", f[0], err)
			}
			n.rows[f[0]] = row
		}
	}
	if n.tables == "" || n.headers == "" || n.module == "" || len(n.rows) == 0 {
		return nil, errors.New(numbersFile + ": the sources or the numbers are missing")
	}
	return n, nil
}

func parseRow(cells, arches []string) (map[string]number, error) {
	row := map[string]number{}
	for i, cell := range cells {
		if cell == "-" {
			continue
		}
		digits, unseen := strings.CutSuffix(cell, "+")
		nr, err := strconv.ParseUint(digits, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", cell)
		}
		row[arches[i]] = number{uint32(nr), unseen}
	}
	return row, nil
}
