package main

import (
	"context"
	"errors"
	"fmt"
	"go/version"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gocurb/curb/scan"
)

// names are the groups, in the order of the documentation.
var names = strings.Fields(`Runtime Startup Stdio FilesReadOnly Files FileMapping FileEvents
	NetworkClient NetworkServer UnixSockets NetworkInterfaces Processes Time Random Terminal Users Profiling`)

// scanned are the architectures whose programs are scanned.
var scanned = []string{"amd64", "arm64"}

// A group is what was found for one.
type group struct {
	name      string
	goRelease string // "go1.26"
	calls     map[string]*call
	left      map[string]*call // what was predicted and left out
}

// A call is one system call of a group.
type call struct {
	name   string
	places []string // the functions that make it
	why    string   // what people say about it
	rules  []rule   // empty if it is allowed on no condition
}

// derive makes all groups of the programs below dir.
func derive(ctx context.Context, dir string) ([]*group, error) {
	programs, err := predict(ctx, dir)
	if err != nil {
		return nil, err
	}
	used := make(map[any]bool) // entries made by people that fit something
	runtime := &group{name: "Runtime"}
	var groups []*group
	var errs []error
	for _, name := range names {
		g := &group{name: name}
		if name == runtime.name {
			g = runtime
		}
		makes := programs[strings.ToLower(name)]
		g.goRelease = version.Lang(makes.goVersion)
		errs = append(errs, g.take(makes, programs["empty"], runtime, used))
		groups = append(groups, g)
	}
	errs = append(errs, unused(used))
	return groups, errors.Join(errs...)
}

// A prediction has the functions that make each call.
type prediction struct {
	goVersion string
	places    map[string][]string
}

// predict gives what each program can do, on any of the architectures.
func predict(ctx context.Context, dir string) (map[string]*prediction, error) {
	programs := map[string]*prediction{"empty": nil}
	for _, name := range names {
		programs[strings.ToLower(name)] = nil
	}
	for name := range programs {
		programs[name] = &prediction{places: make(map[string][]string)}
	}
	bin, err := os.MkdirTemp("", "mkgroups-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(bin)
	for _, arch := range scanned {
		if err := build(ctx, dir, bin, arch); err != nil {
			return nil, err
		}
		for name, p := range programs {
			if err := p.scan(filepath.Join(bin, name)); err != nil {
				return nil, err
			}
		}
	}
	return programs, nil
}

// build makes all programs below dir, as bin/NAME.
func build(ctx context.Context, dir, bin, arch string, flags ...string) error {
	args := append([]string{"build", "-trimpath", "-o", bin + string(filepath.Separator)}, flags...)
	args = append(args, "./empty")
	for _, name := range names {
		args = append(args, "./"+strings.ToLower(name))
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the programs in %s for %s: %w\n%s", dir, arch, err, out)
	}
	return nil
}

// scan adds what a binary can do.
func (p *prediction) scan(path string) error {
	u, err := scan.File(path, scan.Options{})
	if err != nil {
		return err
	}
	if len(u.Unresolved) > 0 {
		return fmt.Errorf("%s for %s has code of which the calls could not be told, in %s", path, u.Arch, u.Unresolved[0].Function)
	}
	p.goVersion = u.GoVersion
	for _, c := range u.Syscalls {
		for _, e := range c.Evidence {
			if !slices.Contains(p.places[c.Name], e.Function) {
				p.places[c.Name] = append(p.places[c.Name], e.Function)
			}
		}
	}
	return nil
}

// take puts what the group's program makes into the group.
func (g *group) take(makes, empty *prediction, runtime *group, used map[any]bool) error {
	g.calls, g.left = make(map[string]*call), make(map[string]*call)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(makes.places)) {
		c := &call{name: name, places: makes.places[name]}
		owner := "Runtime"
		if only := find(later, func(e entry) bool { return has(e.calls, name) }); only != nil {
			owner = only.groups
			if owner == g.name {
				used[only], c.why = true, only.why
			}
		}
		if owner != g.name {
			c.places = without(c.places, empty.places[name])
		}
		if len(c.places) == 0 {
			continue
		}
		if out := find(leftOut, func(e entry) bool { return has(e.groups, g.name) && has(e.calls, name) }); out != nil {
			used[out], c.why = true, out.why
			g.left[name] = c
			continue
		}
		for i := range conditions {
			if r := &conditions[i]; r.call == name && has(r.groups, g.name) {
				used[r], c.why = true, r.why
				c.rules = append(c.rules, r.rules...)
			}
		}
		base := runtime.calls[name]
		if g != runtime && base != nil {
			if len(base.rules) == 0 {
				continue // the runtime may, so all may
			}
			if len(c.rules) == 0 && !has(whole, g.name+"."+name) {
				errs = append(errs, fmt.Errorf("%s: Runtime has %s on a condition, and here %s makes it: give its own condition, or leave it out", g.name, name, c.places[0]))
			}
		}
		g.calls[name] = c
	}
	return errors.Join(errs...)
}

// unused complains of what people wrote and what fits nothing any more.
func unused(used map[any]bool) error {
	var errs []error
	for _, list := range [][]entry{later, leftOut} {
		for i := range list {
			if e := &list[i]; !used[e] {
				errs = append(errs, fmt.Errorf("the entry for %s in %s fits nothing: take it out", e.calls, e.groups))
			}
		}
	}
	for i := range conditions {
		if r := &conditions[i]; !used[r] {
			errs = append(errs, fmt.Errorf("the condition for %s in %s fits nothing: take it out", r.call, r.groups))
		}
	}
	return errors.Join(errs...)
}

func find(list []entry, fits func(entry) bool) *entry {
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return &list[i]
	}
	return nil
}

// has reports whether a word is among words between spaces.
func has(words, word string) bool { return slices.Contains(strings.Fields(words), word) }

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}
