package scan_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gocurb/curb/internal/gobin"
	"github.com/gocurb/curb/scan"
)

// FuzzFile changes words of the types, the code, the data and the module data of
// programs for both architectures. Each scan ends, and gives an error or a result
// that lies within the upper bound.
func FuzzFile(f *testing.F) {
	type subject struct {
		data  []byte
		parts []place
	}
	var subjects []subject
	for _, arch := range []string{"amd64", "arm64"} {
		for _, way := range []string{"plain", "pie"} {
			data, err := os.ReadFile(portable(f, "", arch, way))
			if err != nil {
				f.Fatal(err)
			}
			parts := slices.DeleteFunc(places(f, data), func(p place) bool {
				return !slices.Contains([]string{".text", ".rodata", ".noptrdata", ".data", ".data.rel.ro", "module data"}, p.name)
			})
			for i := range parts {
				f.Add(byte(len(subjects)), byte(i), uint32(512), uint64(1<<40))
				f.Add(byte(len(subjects)), byte(i), uint32(4096), uint64(0))
			}
			subjects = append(subjects, subject{data, parts})
		}
	}
	f.Fuzz(func(t *testing.T, which, part byte, at uint32, value uint64) {
		s := subjects[int(which)%len(subjects)]
		p := s.parts[int(part)%len(s.parts)]
		data := slices.Clone(s.data)
		off := p.start + int(at)%max(p.size-8, 1)
		binary.LittleEndian.PutUint64(data[off:], value)
		path := filepath.Join(t.TempDir(), "patched")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		tight, err := scan.File(path, scan.Options{})
		if err != nil {
			if !errors.Is(err, gobin.ErrNotGo) {
				t.Errorf("%v does not wrap ErrNotGo", err)
			}
			return
		}
		all, err := scan.File(path, scan.Options{AllCode: true})
		if err != nil {
			t.Fatalf("it can be scanned, but not for all code: %v", err)
		}
		if lost := without(tight.Names(), all.Names()); len(lost) > 0 {
			t.Errorf("%s is not in all code", strings.Join(lost, ", "))
		}
	})
}
