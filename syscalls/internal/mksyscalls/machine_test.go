package main

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
)

// These tests ask the machine at hand whether it contradicts the committed
// facts. It may have older or newer headers and another kernel: what it does
// not know is no contradiction.

func loaded(t *testing.T) *dataset {
	t.Helper()
	d, err := load(packageDir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestHeadersAgree(t *testing.T) {
	d := loaded(t)
	for _, a := range d.arches {
		if a.headerFile == "" {
			continue
		}
		t.Run(a.name, func(t *testing.T) {
			got, err := headerNumbers(a)
			if errors.Is(err, errNoHeaders) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(got) < 250 {
				t.Errorf("the headers give only %d numbers", len(got))
			}
			checkNumbers(t, d, a, got)
		})
	}
}

func checkNumbers(t *testing.T, d *dataset, a *arch, machine map[string]uint32) {
	t.Helper()
	for name, nr := range machine {
		if d.corrections.ignored(name) {
			continue
		}
		n, ok := d.numbers.rows[name][a.name]
		switch {
		case !ok:
			t.Logf("%s %d is newer than %s: run mksyscalls -extract", name, nr, numbersFile)
		case n.nr != nr:
			t.Errorf("%s is %d here and %d in %s", name, nr, n.nr, numbersFile)
		}
	}
}

func TestXSysAgrees(t *testing.T) {
	d := loaded(t)
	x, err := findXSys(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range ofGo(d.arches) {
		got, err := x.numbers(a.name)
		if err != nil {
			t.Fatal(err)
		}
		checkNumbers(t, d, a, got)
	}
	if x.version == d.numbers.module && x.linux != d.numbers.linux {
		t.Errorf("%s %s is made from Linux %s, %s says %s", xsysModule, x.version, x.linux, numbersFile, d.numbers.linux)
	}
}

func TestAuditConstants(t *testing.T) {
	arches, err := readArches(packageDir + "/" + architecturesFile)
	if err != nil {
		t.Fatal(err)
	}
	values, err := auditValues(arches)
	if errors.Is(err, errNoHeaders) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range arches {
		if v, ok := values[a.auditName]; ok && v != a.audit {
			t.Errorf("%s is %#x in linux/audit.h and %#x in %s", a.auditName, v, a.audit, architecturesFile)
		}
	}
	if len(values) < 10 {
		t.Errorf("linux/audit.h has only %d of the constants", len(values))
	}
}

// native gives the table of this machine with each call's entry point.
func native(t *testing.T, d *dataset) (*table, map[string]call) {
	t.Helper()
	i := slices.IndexFunc(d.tables, func(t *table) bool { return t.name == runtime.GOARCH })
	if i < 0 || runtime.GOOS != "linux" {
		t.Skipf("there is no table for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	entries := map[string]call{}
	for _, c := range d.tables[i].calls {
		entries[d.corrections.entry(c.name, runtime.GOARCH, d.entries.of(c.name, runtime.GOARCH))] = c
	}
	return d.tables[i], entries
}

// contradiction gives the way to report a difference between this kernel and
// the data. An older kernel may differ: calls have gained arguments.
func contradiction(t *testing.T, d *dataset) func(format string, args ...any) {
	t.Helper()
	running, err := runningKernel()
	if err != nil {
		t.Skip(err)
	}
	if slices.Compare(release(t, running), release(t, d.running.kernel)) < 0 {
		return t.Logf
	}
	return t.Errorf
}

// release gives the first two numbers of a kernel release.
func release(t *testing.T, kernel string) []int {
	t.Helper()
	var major, minor int
	if _, err := fmt.Sscanf(kernel, "%d.%d", &major, &minor); err != nil {
		t.Fatalf("kernel release %q: %v", kernel, err)
	}
	return []int{major, minor}
}

// declared gives the widths of a call's arguments as they are declared.
func declared(t *testing.T, d *dataset, params []param) []int {
	t.Helper()
	widths := []int{}
	for _, p := range params {
		bits, err := typeBits(p.typ, d.running.sizes)
		if err != nil {
			t.Errorf("%v: %v", p, err)
		}
		widths = append(widths, bits)
	}
	return widths
}

func TestTracefsAgrees(t *testing.T) {
	d := loaded(t)
	_, entries := native(t, d)
	calls, err := tracePrototypes()
	if err != nil {
		t.Skipf("this kernel's own prototypes cannot be read: %v", err)
	}
	report := contradiction(t, d)
	seen := 0
	for entry, p := range calls {
		c, ok := entries[entry]
		if !ok {
			t.Logf("%v: no call has this entry point", p)
			continue
		}
		seen++
		if got, want := declared(t, d, p.params), declared(t, d, c.params); !slices.Equal(got, want) {
			report("this kernel declares %v, the table has %v for %s", p, prototype{c.name, c.params}, c.name)
		}
	}
	if seen < 250 {
		t.Errorf("only %d of the kernel's calls are in the table", seen)
	}
}

func TestBTFAgrees(t *testing.T) {
	d := loaded(t)
	_, entries := native(t, d)
	b, err := readBTF(btfFile)
	if err != nil {
		t.Skipf("this kernel's BTF cannot be read: %v", err)
	}
	sizes := b.sizes()
	for name, want := range d.running.sizes {
		if got, ok := sizes[name]; ok && got != want {
			t.Errorf("type %s has %d bits here and %d in %s", name, got, want, prototypesFile)
		}
	}
	report := contradiction(t, d)
	seen := 0
	for entry, got := range b.calls("__do_sys_") {
		c, ok := entries[entry]
		if !ok {
			continue
		}
		seen++
		if want := declared(t, d, c.params); !slices.Equal(got, want) {
			report("this kernel's %s takes arguments of %v bits, the table has %v", entry, got, prototype{c.name, c.params})
		}
	}
	if seen < 50 {
		t.Errorf("the BTF describes only %d calls of the table", seen)
	}
}

// What the source declares for companions is what this kernel was built from.
func TestBTFAgreesOnCompatCalls(t *testing.T) {
	d := loaded(t)
	b, err := readBTF(btfFile)
	if err != nil {
		t.Skipf("this kernel's BTF cannot be read: %v", err)
	}
	report := contradiction(t, d)
	calls := b.calls("__do_compat_sys_")
	if len(calls) == 0 {
		t.Skip("this kernel has no calls for 32-bit programs (CONFIG_COMPAT)")
	}
	seen := 0
	for entry, got := range calls {
		variants := d.declared.calls["compat_"+entry]
		if len(variants) != 1 {
			continue
		}
		seen++
		if want := declared(t, d, variants[0].params); !slices.Equal(got, want) {
			report("this kernel's %s takes arguments of %v bits, %s has %v", entry, got, declarationsFile, variants[0])
		}
	}
	if seen == 0 {
		t.Error("the BTF describes none of the compat calls")
	}
}

// An extraction on this machine gives, from the releases that the committed
// data are from, the same data.
func TestExtract(t *testing.T) {
	d := loaded(t)
	calls, err := tracePrototypes()
	if err != nil {
		t.Skipf("this kernel's own prototypes cannot be read: %v", err)
	}
	p, err := extractPrototypes(calls, d.corrections, d.declared)
	if err != nil {
		t.Skipf("this kernel's own prototypes cannot be read: %v", err)
	}
	if p.kernel != d.running.kernel {
		return
	}
	// Of the same release, but maybe built with other options.
	for entry, want := range d.running.calls {
		if got, ok := p.calls[entry]; ok && got.String() != want.String() {
			t.Errorf("%s has %v, this machine gives %v", prototypesFile, want, got)
		}
	}
	for typ, want := range d.running.sizes {
		if got, ok := p.sizes[typ]; ok && got != want {
			t.Errorf("%s has %d bits for %s, this machine gives %d", prototypesFile, want, typ, got)
		}
	}
}
