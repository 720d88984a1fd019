package gen

import (
	"go/build/constraint"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func testPackage(tags ...string) *Package {
	return &Package{build: config{arch: "amd64", release: []string{"go1.1", "go1.2"}, tags: tags}}
}

// TestTags: only the tags that can decide about a file in a build for this
// architecture and release matter.
func TestTags(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       string // separated by blanks
	}{
		{"a.go", "package x", ""},
		{"a.go", "//go:build foo\n\npackage x", "foo"},
		{"a.go", "// Copyright\n/* more\n//go:build no\n*/\n\n//go:build foo && !bar\n\npackage x", "bar foo"},
		{"a.go", "package x\n\n//go:build foo\n", ""},
		{"a.go", "//go:build linux && foo\n\npackage x", "foo"},
		{"a.go", "//go:build windows && foo\n\npackage x", ""},
		{"a.go", "//go:build unix || foo\n\npackage x", ""},
		{"a.go", "//go:build (windows && bar) || foo\n\npackage x", "foo"},
		{"a.go", "//go:build !(arm64 || foo)\n\npackage x", "foo"},
		{"a.go", "//go:build go1.2 && foo\n\npackage x", "foo"},
		{"a.go", "//go:build go1.3 && foo\n\npackage x", ""},
		{"a.go", "//go:build ignore\n\npackage x", ""},
		{"a.go", "//go:build race || msan || asan || gccgo\n\npackage x", ""},
		{"a.go", "//go:build cgo && foo\n\npackage x", "foo"},
		{"a.go", "//go:build amd64.v3\n\npackage x", "amd64.v3"},
		{"a_windows.go", "//go:build foo\n\npackage x", ""},
		{"a_arm64.s", "//go:build foo\n\nTEXT x", ""},
		{"a_amd64.s", "//go:build foo\n\n#include \"x.h\"\n", "foo"},
		{"a_test.go", "//go:build foo\n\npackage x", ""},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, test.name), []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := testPackage("set")
		for _, deps := range [][]listed{
			{{Dir: dir, GoFiles: []string{test.name}}},
			{{Dir: dir, IgnoredGoFiles: []string{test.name}}},
			{{Dir: dir, IgnoredOtherFiles: []string{test.name}}},
		} {
			got, err := p.tags(deps, p.known())
			want := append(strings.Fields(test.want), "set")
			if slices.Sort(want); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %q: tags %q, %v; want %q", test.name, test.text, got, err, want)
			}
		}
		if got, _ := p.tags([]listed{{Dir: dir, Standard: true, GoFiles: []string{test.name}}}, p.known()); len(got) != 1 {
			t.Errorf("%s: tags %q of the standard library count", test.text, got)
		}
	}
}

// TestDecideAgreesWithEval: what is decided is so for all values of the unknown
// tags, and no tag that is left out makes a difference.
func TestDecideAgreesWithEval(t *testing.T) {
	known := map[string]bool{"t": true, "f": false}
	for _, line := range []string{
		"t", "f", "a", "!a", "a && f", "a || t", "a && t", "a || f", "!(a && b)", "(a && f) || b",
		"(a || t) && b", "!(a || !t) && (b || f)", "a && !a", "(a || b) && (f || !b)",
	} {
		expr, err := constraint.Parse("//go:build " + line)
		if err != nil {
			t.Fatal(err)
		}
		value, ok, open := decide(expr, func(tag string) (bool, bool) { v, ok := known[tag]; return v, ok })
		eval := func(a, b bool) bool {
			return expr.Eval(func(tag string) bool { return known[tag] || tag == "a" && a || tag == "b" && b })
		}
		for i := range 4 {
			a, b := i&1 != 0, i&2 != 0
			if ok && eval(a, b) != value {
				t.Errorf("%s: decided as %t, but is %t with a=%t, b=%t", line, value, !value, a, b)
			}
			if !slices.Contains(open, "a") && eval(a, b) != eval(!a, b) {
				t.Errorf("%s: a matters, and is not in %q", line, open)
			}
			if !slices.Contains(open, "b") && eval(a, b) != eval(a, !b) {
				t.Errorf("%s: b matters, and is not in %q", line, open)
			}
		}
		if ok != (len(open) == 0) {
			t.Errorf("%s: decided: %t, with open tags %q", line, ok, open)
		}
	}
}
