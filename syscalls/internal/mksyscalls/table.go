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
	entries     *entries
	running     *prototypes
	declared    *declarations
	corrections *corrections
	enosys      []*handLine
	flagSets    *flagSets
	constants   constants
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
	if d.entries, err = readEntries(filepath.Join(dir, entriesFile)); err != nil {
		return nil, err
	}
	if d.declared, err = readDeclarationsFile(filepath.Join(dir, declarationsFile)); err != nil {
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
	if d.flagSets, err = readFlagSets(filepath.Join(dir, flagSetsFile), d.arches); err != nil {
		return nil, err
	}
	if d.constants, err = readConstants(filepath.Join(dir, constantsFile), d.arches); err != nil {
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
		c, err := d.buildCall(name, a)
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

func (d *dataset) buildCall(name string, a *arch) (call, error) {
	c := call{name: name}
	p, err := d.prototype(name, a)
	if err != nil {
		return c, err
	}
	c.params = a.inRegisters(p.params)
	if c.wide, err = d.widths(c, a); err != nil {
		return c, err
	}
	c.enosys = p.entry == noEntry // as the kernel itself says
	for _, e := range d.enosys {
		c.enosys = e.applies(name, a.name) || c.enosys
	}
	return c, nil
}

// widths gives for each argument whether the kernel looks at all 64 bits.
func (d *dataset) widths(c call, a *arch) (wide uint8, err error) {
	if a.bits == 32 {
		return 0, nil
	}
	for i, q := range c.params {
		bits, err := typeBits(q.typ, d.running.sizes)
		if err != nil {
			return 0, fmt.Errorf("%s on %s, argument %s: %w", c.name, a.name, q.name, err)
		}
		if bits > 32 {
			wide |= 1 << i
		}
	}
	declared := wide
	for _, w := range d.corrections.widths {
		if !w.target.covers(c.name, a.name) {
			continue
		}
		i := slices.IndexFunc(c.params, func(q param) bool { return q.name == w.param })
		if i < 0 && w.target.arches == "" {
			continue // declared in another way there: preadv's pos_h
		}
		if i < 0 {
			return 0, w.errorf("%s on %s has no argument %s: it is %v", c.name, a.name, w.param, prototype{c.name, c.params})
		}
		// A line for all architectures need not change each: an argument that is
		// a compat_long_t on a companion is narrow already.
		if w.bits == 64 {
			wide |= 1 << i
		} else {
			wide &^= 1 << i
		}
		w.used = w.used || declared>>i&1 != 0 != (w.bits == 64)
	}
	return wide, nil
}

// prototype finds the declaration of a call's entry point.
func (d *dataset) prototype(name string, a *arch) (prototype, error) {
	if p, ok, err := d.corrections.prototype(name, a.name); ok || err != nil {
		return p, err
	}
	entry := d.corrections.entry(name, a.name, d.entries.of(name, a.name))
	if entry == noEntry {
		return prototype{entry: noEntry}, nil
	}
	variants := d.declared.find(entry, a.sourceDir)
	running, ok := d.running.calls[entry]
	own := len(d.declared.calls[a.sourceDir+"/"+entry]) > 0
	switch {
	case ok && d.running.arch() == a.name, ok && !own && len(variants) < 2:
		return running, nil
	case len(variants) == 1:
		return variants[0], nil
	case len(variants) > 1:
		return prototype{}, fmt.Errorf("%s on %s: the configuration decides what %s is, of %v: add a line \"proto %s@…\" to %s",
			name, a.name, entry, variants, name, correctionsFile)
	}
	return prototype{}, fmt.Errorf("%s on %s: nothing declares an entry point %s: add a line \"proto %s(…)\" or \"entry %s …\" to %s",
		name, a.name, entry, name, name, correctionsFile)
}
