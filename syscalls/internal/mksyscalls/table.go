package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
)

// A dataset is everything that the generated files are made of.
type dataset struct {
	arches      []*arch
	numbers     *numbers
	running     *prototypes
	corrections *corrections
	enosys      []*handLine
	tables      []*table
}

// A table is the finished facts of one architecture, by number.
type table struct {
	*arch
	calls []call
}

type call struct {
	name   string
	nr     uint32
	enosys bool
	params []param
	wide   uint8 // bit i: the kernel looks at all 64 bits of argument i
}

func load(dir string) (*dataset, error) {
	d := &dataset{}
	var err error
	if d.arches, err = readArches(filepath.Join(dir, architecturesFile)); err != nil {
		return nil, err
	}
	if d.numbers, err = readNumbers(filepath.Join(dir, numbersFile)); err != nil {
		return nil, err
	}
	if d.running, err = readPrototypes(filepath.Join(dir, prototypesFile)); err != nil {
		return nil, err
	}
	if d.corrections, err = readCorrections(filepath.Join(dir, correctionsFile), d.arches); err != nil {
		return nil, err
	}
	if d.enosys, err = readENOSYS(filepath.Join(dir, enosysFile), d.arches); err != nil {
		return nil, err
	}
	return d, d.build()
}

// build joins the facts to the tables. It reports everything that is wrong,
// not the first thing only.
func (d *dataset) build() error {
	var errs []error
	for name := range d.numbers.rows {
		if d.corrections.ignored(name) {
			delete(d.numbers.rows, name)
		}
	}
	for _, a := range d.arches {
		if !slices.Contains(d.numbers.arches, a.name) {
			errs = append(errs, fmt.Errorf("%s has no column for %s: run mksyscalls -extract", numbersFile, a.name))
		}
		if !a.fullTable {
			continue
		}
		t, err := d.buildTable(a)
		errs = append(errs, err)
		d.tables = append(d.tables, t)
	}
	for _, l := range append(d.corrections.handLines(), d.enosys...) {
		if !l.used {
			errs = append(errs, l.errorf("%q is about nothing in the tables: mend it or take it out", l.text))
		}
	}
	return errors.Join(errs...)
}

func (d *dataset) buildTable(a *arch) (*table, error) {
	t := &table{arch: a}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(d.numbers.rows)) {
		n, ok := d.numbers.rows[name][a.name]
		if !ok {
			continue
		}
		c, err := d.buildCall(name, a.name)
		errs = append(errs, err)
		c.nr = n.nr
		t.calls = append(t.calls, c)
	}
	slices.SortFunc(t.calls, func(a, b call) int { return cmp.Compare(a.nr, b.nr) })
	for i := 1; i < len(t.calls); i++ {
		if p, q := t.calls[i-1], t.calls[i]; p.nr == q.nr {
			errs = append(errs, fmt.Errorf("%s: number %d is both %s and %s: one needs an ignore line in %s", a.name, p.nr, p.name, q.name, correctionsFile))
		}
	}
	return t, errors.Join(errs...)
}

func (d *dataset) buildCall(name, arch string) (call, error) {
	c := call{name: name}
	p, err := d.corrections.prototype(name, arch, d.running)
	if err != nil {
		return c, err
	}
	c.params = p.params
	for i, q := range p.params {
		bits, err := typeBits(q.typ, d.running.sizes)
		if err != nil {
			return c, fmt.Errorf("%s on %s, argument %s: %w", name, arch, q.name, err)
		}
		if bits > 32 {
			c.wide |= 1 << i
		}
	}
	for _, w := range d.corrections.widths {
		if !w.applies(name, arch) {
			continue
		}
		i := slices.IndexFunc(p.params, func(q param) bool { return q.name == w.param })
		if i < 0 {
			return c, w.errorf("%s on %s has no argument %s: it is %v", name, arch, w.param, p)
		}
		if wide := c.wide>>i&1 != 0; wide == (w.bits == 64) {
			return c, w.errorf("%s's argument %s has %d bits without this line: take it out", name, w.param, w.bits)
		}
		c.wide ^= 1 << i
	}
	for _, e := range d.enosys {
		c.enosys = e.applies(name, arch) || c.enosys
	}
	return c, nil
}
