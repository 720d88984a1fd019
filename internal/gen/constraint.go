package gen

import (
	"bufio"
	"context"
	"fmt"
	"go/build"
	"go/build/constraint"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// dependencies lists the package and all that it links in, as the build without
// the lock-down has it, with or without cgo.
func (p *Package) dependencies(ctx context.Context, cgo bool) ([]listed, error) {
	overlay, clean, err := p.overlay(p.stubbed())
	if err != nil {
		return nil, err
	}
	defer clean()
	env := "CGO_ENABLED=0"
	if cgo {
		env = "CGO_ENABLED=1"
	}
	return p.listIn(ctx, []string{env}, p.ImportPath, "-e", "-deps", overlay,
		"-json=ImportPath,Dir,Standard,GoFiles,CgoFiles,SFiles,IgnoredGoFiles,IgnoredOtherFiles")
}

// UsesC reports whether C code is part of the build that was looked at.
func (p *Package) UsesC(ctx context.Context) (bool, error) {
	if !p.build.cgo {
		return false, nil
	}
	deps, err := p.dependencies(ctx, true)
	return slices.ContainsFunc(deps, func(d listed) bool { return len(d.CgoFiles) > 0 }), err
}

// constraint gives the builds that the lock-down is for. Tags in ignore are not
// asked for, neither set nor unset.
func (p *Package) constraint(ctx context.Context, ignore []string) (constraint.Expr, error) {
	with, err := p.dependencies(ctx, true)
	if err != nil {
		return nil, err
	}
	without, err := p.dependencies(ctx, false)
	if err != nil {
		return nil, err
	}
	minor := len(p.build.release) // go1.1 is the first
	terms := []string{"linux", p.build.arch, fmt.Sprintf("go1.%d", minor), fmt.Sprintf("!go1.%d", minor+1),
		"!race", "!msan", "!asan"}
	known := p.known()
	if !sameFiles(with, without) {
		terms = append(terms, term("cgo", p.build.cgo))
		known["cgo"] = p.build.cgo
	}
	deps := without
	if p.build.cgo {
		deps = with
	}
	tags, err := p.tags(deps, known)
	if err != nil {
		return nil, err
	}
	set := slices.Concat(p.build.tags, p.build.tools)
	for _, tag := range tags {
		if !slices.Contains(ignore, tag) {
			terms = append(terms, term(tag, slices.Contains(set, tag)))
		}
	}
	line := "//go:build " + strings.Join(terms, " && ")
	expr, err := constraint.Parse(line)
	if err != nil {
		return nil, fmt.Errorf("write the build constraint of %s: %s: %w", p.ImportPath, line, err)
	}
	return expr, nil
}

func term(tag string, set bool) string {
	if set {
		return tag
	}
	return "!" + tag
}

// sameFiles reports whether two lists of packages have the same source files.
func sameFiles(a, b []listed) bool {
	return slices.EqualFunc(a, b, func(x, y listed) bool {
		return x.ImportPath == y.ImportPath && slices.Equal(x.GoFiles, y.GoFiles) &&
			slices.Equal(x.CgoFiles, y.CgoFiles) && slices.Equal(x.SFiles, y.SFiles)
	})
}

// known gives the words in build constraints whose values the other terms of the
// constraint settle, or that are never set.
func (p *Package) known() map[string]bool {
	known := map[string]bool{
		"linux": true, p.build.arch: true, "unix": true, "gc": true,
		"gccgo": false, "race": false, "msan": false, "asan": false,
		"ignore": false, // by convention, for files that no build contains
	}
	for _, release := range p.build.release {
		known[release] = true
	}
	return known
}

// tags gives the build tags, sorted, that decide about some file of the
// program's modules, and those that were asked for with -tags. Those of the
// standard library would be many, and hardly any program sets one.
func (p *Package) tags(deps []listed, known map[string]bool) ([]string, error) {
	tags := slices.Clone(p.build.tags)
	own := []string{lockDownFile(p.build.arch), otherFile, mismatchFile}
	for _, d := range deps {
		if d.Standard {
			continue
		}
		for _, name := range slices.Concat(d.GoFiles, d.CgoFiles, d.SFiles, d.IgnoredGoFiles, d.IgnoredOtherFiles) {
			if strings.HasSuffix(name, "_test.go") || d.Dir == p.Dir && slices.Contains(own, name) || p.isForeign(name) {
				continue
			}
			expr, err := fileConstraint(filepath.Join(d.Dir, name))
			if err != nil {
				return nil, fmt.Errorf("look for build tags in %s: %w", d.ImportPath, err)
			}
			if expr != nil {
				_, _, open := decide(expr, func(tag string) (value, ok bool) {
					if value, ok = known[tag]; ok {
						return value, true
					}
					return false, strings.HasPrefix(tag, "go1.") || p.isForeign("x_"+tag+".go")
				})
				tags = append(tags, open...)
			}
		}
	}
	tags = slices.DeleteFunc(tags, func(tag string) bool { return tag == "cgo" })
	slices.Sort(tags)
	return slices.Compact(tags), nil
}

// isForeign reports whether a file's name says that it is for another system or
// architecture. It asks go/build, which knows their names, about the name only.
func (p *Package) isForeign(name string) bool {
	c := build.Default
	c.GOOS, c.GOARCH = "linux", p.build.arch
	c.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("package x\n")), nil }
	match, err := c.MatchFile("", name)
	return err == nil && !match && !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, ".")
}

// decide evaluates a constraint of which only some tags are known. Where that
// leaves it open, it returns the unknown tags that decide.
func decide(e constraint.Expr, known func(tag string) (value, ok bool)) (value, ok bool, open []string) {
	either := func(x, y constraint.Expr, decisive bool) (value, ok bool, open []string) {
		vx, okx, openx := decide(x, known)
		vy, oky, openy := decide(y, known)
		switch {
		case okx && vx == decisive || oky && vy == decisive:
			return decisive, true, nil
		case okx && oky:
			return !decisive, true, nil
		}
		return false, false, append(openx, openy...)
	}
	switch e := e.(type) {
	case *constraint.TagExpr:
		if value, ok = known(e.Tag); ok {
			return value, true, nil
		}
		return false, false, []string{e.Tag}
	case *constraint.NotExpr:
		value, ok, open = decide(e.X, known)
		return !value, ok, open
	case *constraint.AndExpr:
		return either(e.X, e.Y, false)
	case *constraint.OrExpr:
		return either(e.X, e.Y, true)
	}
	panic(fmt.Sprintf("mistake in curb: unknown kind of build constraint %T", e))
}

// fileConstraint reads the //go:build line of a Go or assembly file, nil where
// there is none.
func fileConstraint(name string) (constraint.Expr, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for block := false; lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		switch {
		case block || strings.HasPrefix(line, "/*"):
			block = !strings.Contains(line, "*/")
		case constraint.IsGoBuild(line):
			return constraint.Parse(line)
		case line != "" && !strings.HasPrefix(line, "//"):
			return nil, nil // constraints come before all code
		}
	}
	return nil, lines.Err()
}
