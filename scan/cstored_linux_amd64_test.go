package scan_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/gocurb/curb/scan"
	"github.com/gocurb/curb/usage"
)

// A store is a scan.Store in memory, that counts what is asked for in vain.
type store struct {
	mu     sync.Mutex
	values map[string][]byte
	missed int
}

func (s *store) Load(key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.values[key]
	if !ok {
		s.missed++
	}
	return v
}

func (s *store) Store(key string, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[key] = value
}

// What was kept of libraries gives the same result as their files, for other programs
// too, and what is damaged is read again.
func TestLibrariesAreKept(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			opts, env := scan.Options{Phase: usage.Main}, withC(t)
			if arch == "arm64" {
				opts.Sysroot, env = arm64Root, withCForARM64(t)
			}
			names := buildOnce(t, "stored-names-"+arch, ".", env, "./testdata/names")
			libc := buildOnce(t, "stored-libc-"+arch, "../internal/corpus/testdata/c", env, "./libc")
			want := []*usage.Usage{whole(t, names, opts), whole(t, libc, opts)}
			s := &store{values: map[string][]byte{}}
			opts.Libraries = s
			if got := whole(t, names, opts); !reflect.DeepEqual(got, want[0]) {
				t.Error("a scan that keeps what it reads says something else")
			}
			if s.missed == 0 || s.missed != len(s.values) {
				t.Fatalf("%d libraries are kept, of %d that were not there", len(s.values), s.missed)
			}
			s.missed = 0
			if got := whole(t, names, opts); !reflect.DeepEqual(got, want[0]) || s.missed > 0 {
				t.Errorf("from what was kept it says something else, or %d libraries were not kept", s.missed)
			}
			kept := len(s.values)
			if got := whole(t, libc, opts); !reflect.DeepEqual(got, want[1]) {
				t.Error("of another program, it says something else")
			}
			if s.missed > kept/2 {
				t.Errorf("%d libraries of another program were not there, of %d that are", s.missed, kept)
			}
			for i, key := range slices.Sorted(maps.Keys(s.values)) {
				s.values[key] = damage(i, s.values[key])
			}
			if got := whole(t, names, opts); !reflect.DeepEqual(got, want[0]) {
				t.Error("from what is damaged, it says something else")
			}
		})
	}
}

func whole(t *testing.T, path string, opts scan.Options) *usage.Usage {
	t.Helper()
	u, err := scan.File(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// damage returns a value as it may be after it has been kept badly, in one of several ways.
func damage(i int, value []byte) []byte {
	b := slices.Clone(value)
	switch i % 4 {
	case 0:
		return nil
	case 1:
		return b[:len(b)/2]
	case 2:
		return fmt.Append(b, "more")
	}
	b[len(b)/3] ^= 1
	return b
}
