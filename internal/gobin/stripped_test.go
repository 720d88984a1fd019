package gobin

import (
	"bytes"
	"debug/buildinfo"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// changed opens a copy of a file with other bytes in it.
func changed(t *testing.T, f *File, change func(data []byte)) *File {
	t.Helper()
	data := content(t, f.Path)
	change(data)
	path := filepath.Join(t.TempDir(), "changed")
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
	g, err := Open(path)
	if err != nil {
		t.Fatalf("a copy of %s: %v", f.Path, err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

// withoutSections removes all trace of section headers.
func withoutSections(data []byte) {
	clear(data[40:48]) // e_shoff
	clear(data[58:64]) // e_shentsize, e_shnum, e_shstrndx
}

// The kernel needs no section headers, and neither does reading. The code is then
// that of the executable segments, where nothing but padding is around the text.
func TestNoSectionHeaders(t *testing.T) {
	forEach(t, all, func(t *testing.T, v variant) {
		f := open(t, v)
		bare := changed(t, f, withoutSections)
		if bare.HasSymbols() {
			t.Error("there are symbols without section headers")
		}
		if !slices.Equal(describe(f), describe(bare)) || !slices.Equal(f.Pointers(), bare.Pointers()) || f.BuildID != bare.BuildID {
			t.Errorf("functions, pointers or the build ID differ without section headers")
		}
		text := f.Module.Text
		covered := false
		for _, code := range bare.Executable() {
			covered = covered || code.Start <= text.Start && text.End <= code.End
			before := bare.Bytes(code.Start, min(code.End, text.Start)-min(code.Start, text.Start))
			if n := len(bytes.Trim(before, "\x00\xcc")); n > 0 {
				t.Errorf("%d bytes of %#x, before the text %#x, are taken for code", n, code, text)
			}
		}
		if !covered {
			t.Errorf("the text %#x is not in the code %#x", text, bare.Executable())
		}
	})
}

// Garble puts a number of its own for the line table's magic number, encrypts the
// entries in the functions' records and removes the version.
func TestObfuscated(t *testing.T) {
	for _, v := range []variant{{flags: stripped}, {flags: stripped + " " + pie}, {flags: stripped, env: arm64}} {
		f := open(t, v)
		g := changed(t, f, func(data []byte) {
			copy(data[fileOffset(t, f, f.pcln.addr):], "\x12\x34\x56\x78")
			functions := fileOffset(t, f, f.partAddr("functions"))
			for i := range f.Funcs {
				data[functions+uint64(f.Funcs[i].off)] ^= 0x5a
			}
			info := bytes.Index(data, []byte(buildInfoMagic))
			clear(data[info : info+len(buildInfoMagic)])
		})
		if !slices.Equal(describe(f), describe(g)) {
			t.Errorf("%s: functions differ with another magic number", v)
		}
		if g.BuildInfo != nil || g.GoVersion != "" {
			t.Errorf("%s: build info %v, version %q, want none", v, g.BuildInfo, g.GoVersion)
		}
	}
	// A newer Go with a format of its own must not be taken for an obfuscated one.
	f := open(t, variant{flags: stripped})
	data := content(t, f.Path)
	copy(data[fileOffset(t, f, f.pcln.addr):], "\x12\x34\x56\x78")
	newer := bytes.ReplaceAll(data, []byte(f.GoVersion), []byte("go1.99.9"))
	if err := load(newer); err == nil || !strings.Contains(err.Error(), "go1.99.9") {
		t.Errorf("another magic number of go1.99.9: error %v", err)
	}
}

// The build information is that which the standard library reads.
func TestBuildInfo(t *testing.T) {
	forEach(t, all, func(t *testing.T, v variant) {
		f := open(t, v)
		want, err := buildinfo.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if f.BuildInfo == nil || f.BuildInfo.String() != want.String() || f.GoVersion != want.GoVersion {
			t.Errorf("build info %v, want %v", f.BuildInfo, want)
		}
		id, err := exec.Command("go", "tool", "buildid", f.Path).Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(id)); f.BuildID != got || got == "" {
			t.Errorf("build ID %q, want %q", f.BuildID, got)
		}
	})
}

// Options of the compiler that change the code or add data.
func TestOptions(t *testing.T) {
	for _, v := range []variant{
		{flags: "-cover"}, {flags: "-cover " + stripped}, {flags: "-gcflags=-N|-l"}, {flags: "-gcflags=-l=4"},
		{env: "GOAMD64=v2"}, {env: "GOAMD64=v3"}, {env: "GOAMD64=v4"},
		{env: arm64 + " GOARM64=v8.0,lse"}, {env: arm64 + " GOARM64=v9.0"},
		{flags: "-race", env: withC},
	} {
		if v.has("-race") {
			needs(t, "gcc")
		}
		f := open(t, v)
		if fn := function(t, f, "main.main"); !strings.HasSuffix(f.Position(fn, fn.Entry)[0].File, "main.go") {
			t.Errorf("%s: main.main is at %v", v, f.Position(fn, fn.Entry))
		}
		counters := f.Module.Zero[2]
		if has := counters.Start < counters.End; has != v.has("-cover") || has && !f.IsVariable(counters.Start) {
			t.Errorf("%s: the counters are at %#x", v, counters)
		}
	}
}
