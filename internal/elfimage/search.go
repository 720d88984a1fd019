package elfimage

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A Loader finds and loads libraries as glibc's dynamic loader does, or musl's, with no
// LD_LIBRARY_PATH and nothing preloaded, on the system below a directory.
type Loader struct {
	Root   string // "" or "/" is this system's
	Images []*Image
	Files  map[string][]byte // what was looked at on this machine, nil where there is nothing
	Found  map[string]*Image // the images among them

	machine   elf.Machine
	musl      string                    // the architecture, if the loader is musl's
	self      string                    // by which name libraries need the loader, which is there already
	dirs      []string                  // where libraries are without being asked for
	cache     map[string][]libraryPlace // by name
	ahead     map[string]*early         // by path
	asked     map[string]*Image         // by the name asked for, and by path
	tree      tree
	preferred map[string][]string // of directories: those in them that the loader prefers on some processors
	parent    map[*Image]*Image   // who asked first
}

// NewLoader returns a loader with an executable as the first image.
func NewLoader(root string, exe *Image) *Loader {
	l := &Loader{Root: root, machine: exe.Machine, asked: map[string]*Image{}, Files: map[string][]byte{}, parent: map[*Image]*Image{}, Found: map[string]*Image{},
		ahead: map[string]*early{}, tree: tree{root: root, seen: map[string]place{}}, preferred: map[string][]string{}}
	l.Images = []*Image{exe}
	if l.musl = muslArch(exe.Interp); l.musl != "" {
		l.dirs = l.muslDirs(exe.Interp)
		return l
	}
	l.dirs = l.systemDirs(exe.Interp)
	l.readCache()
	return l
}

// LoadAll loads all libraries that the loaded images need, breadth first: in the
// order in which symbols are looked up.
func (l *Loader) LoadAll() error {
	for i := 0; i < len(l.Images); i++ {
		im := l.Images[i]
		for _, name := range im.Needed {
			if _, err := l.Load(name, im); err != nil {
				return fmt.Errorf("%s, which %s needs: %w", name, im.Name, err)
			}
		}
	}
	return nil
}

// ErrNotFound means that the loader would not find a library.
var ErrNotFound = errors.New("no such library where the dynamic loader looks")

// Load loads a library that an image asks for by name, if it is not loaded yet.
func (l *Loader) Load(name string, by *Image) (*Image, error) {
	if l.Musl() && inMusl(name) {
		name = l.Images[0].Interp
	}
	if im := l.asked[name]; im != nil {
		return im, nil
	}
	for _, im := range l.Images[1:] {
		if im.Name == name {
			return im, nil
		}
	}
	if interp := l.Images[0].Interp; name == l.self && name != interp {
		return l.Load(interp, l.Images[0])
	}
	places, err := l.places(name, by)
	if err != nil {
		return nil, err
	}
	var found []*Image // the one for all processors last
	for _, at := range places {
		im, err := l.open(at, by)
		if err != nil {
			return nil, err
		}
		if im == nil {
			continue
		}
		if found = append(found, im); !at.some {
			break
		}
	}
	if len(found) == 0 {
		return nil, ErrNotFound
	}
	slices.Reverse(found)
	l.asked[name] = found[0]
	for _, im := range found {
		if slices.Contains(l.Images, im) {
			continue
		}
		if im != found[0] {
			im.Instead = found[0]
		}
		l.Images = append(l.Images, im)
	}
	return found[0], nil
}

// open opens the library at a place, which an image asks for. It returns none where
// there is none for this machine.
func (l *Loader) open(at libraryPlace, by *Image) (*Image, error) {
	full, err := l.tree.resolve(at.path)
	if err != nil {
		if !at.some {
			l.Files[l.shown(at.path, "")] = nil
		}
		return nil, nil
	}
	if im := l.asked[full]; im != nil {
		return im, nil
	}
	im, err := l.read(full, at.path)
	if im == nil {
		return nil, err
	}
	l.asked[full], l.parent[im] = im, by
	l.Files[l.shown(at.path, full)], l.Found[l.shown(at.path, full)] = im.data, im
	return im, nil
}

// read reads a library. It returns none where there is none for this machine.
func (l *Loader) read(full, name string) (*Image, error) {
	if e := l.ahead[full]; e != nil {
		<-e.done
		if e.im != nil && e.im.Path == name && e.im.Machine == l.machine {
			return e.im, nil
		}
	}
	data, err := readFile(full)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if elfFile, mine := l.kind(data); !elfFile {
		return nil, fmt.Errorf("%s is no library: %w", name, ErrNotFound) // the loader gives up there
	} else if !mine {
		return nil, nil // it goes on elsewhere
	}
	im, err := Read(data, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", full, err)
	}
	return im, nil
}

// An early is a library that is being read before it is asked for.
type early struct {
	done chan struct{}
	im   *Image // nil if it cannot be read
}

// ReadAhead begins to read libraries that are likely to be loaded by these paths, on all
// processors.
func (l *Loader) ReadAhead(paths []string) {
	limit := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, name := range paths {
		full, err := l.tree.resolve(name)
		if err != nil || l.asked[full] != nil || l.ahead[full] != nil {
			continue
		}
		e := &early{done: make(chan struct{})}
		l.ahead[full] = e
		go func() {
			defer close(e.done)
			limit <- struct{}{}
			defer func() { <-limit }()
			if im, err := Open(full, name); err == nil {
				im.Sum()
				e.im = im
			}
		}()
	}
}

// kind reports whether a file is an ELF file, and one for this machine. One that is
// empty, or that ends early, is taken for one: it is an error when it is read.
func (l *Loader) kind(h []byte) (elfFile, mine bool) {
	if len(h) < 20 {
		return len(h) == 0 || string(h[:min(len(h), 4)]) == elf.ELFMAG, true
	}
	return string(h[:4]) == elf.ELFMAG, elf.Class(h[4]) == elf.ELFCLASS64 && elf.Data(h[5]) == elf.ELFDATA2LSB && elf.Machine(order.Uint16(h[18:])) == l.machine
}

// Forget takes back what was loaded since there were n images.
func (l *Loader) Forget(n int) {
	gone := func(im *Image) bool { return slices.Contains(l.Images[n:], im) }
	maps.DeleteFunc(l.asked, func(_ string, im *Image) bool { return gone(im) })
	maps.DeleteFunc(l.Found, func(_ string, im *Image) bool { return gone(im) })
	l.Images = l.Images[:n:n]
}

// By returns the image that asked for one first, nil for the executable.
func (l *Loader) By(im *Image) *Image { return l.parent[im] }

// shown returns the path by which this machine finds a file of the system again: the
// one that was asked for, so that it is seen where links come to lead elsewhere. Below
// another root links lead out of it, so that it is the file's own.
func (l *Loader) shown(at, full string) string {
	if root := cmp.Or(l.Root, "/"); full == "" || root == "/" && !strings.Contains(at, "/../") {
		return filepath.Join(root, at)
	}
	return full
}

// readCache reads the loader's cache of where libraries are: the newer form,
// which the older one may stand before, or the older one alone.
func (l *Loader) readCache() {
	l.cache = map[string][]libraryPlace{}
	b, err := l.ReadFile("/etc/ld.so.cache")
	if err != nil {
		return
	}
	flags := uint32(0x0303) // of a library for glibc on amd64 (sysdeps/generic/ldconfig.h)
	if l.machine == elf.EM_AARCH64 {
		flags = 0x0a03
	}
	const older, newer = "ld.so-1.7.0", "glibc-ld.so.cache1.1"
	at, entry, head := bytes.Index(b, []byte(newer)), 24, 48
	count := at + len(newer)
	if at < 0 {
		if !bytes.HasPrefix(b, []byte(older)) {
			return
		}
		at, entry, head, count = 0, 12, 16, 12
	}
	if len(b) < at+head {
		return
	}
	n := int(order.Uint32(b[count:]))
	names := b[at:]
	if entry == 12 && n <= len(b)/entry && len(b) >= head+n*entry {
		names = b[head+n*entry:]
	}
	for list := b[at+head:]; n > 0 && len(list) >= entry; n, list = n-1, list[entry:] {
		if order.Uint32(list) == flags {
			name := text(names, uint64(order.Uint32(list[4:])))
			some := entry == 24 && order.Uint64(list[16:]) != 0
			l.cache[name] = append(l.cache[name], libraryPlace{text(names, uint64(order.Uint32(list[8:]))), some})
		}
	}
}

// ReadFile reads a file of the system that the libraries are for.
func (l *Loader) ReadFile(name string) ([]byte, error) {
	full, err := l.tree.resolve(name)
	if err != nil {
		l.Files[l.shown(name, "")] = nil
		return nil, err
	}
	b, err := os.ReadFile(full)
	l.Files[l.shown(name, full)] = b
	return b, err
}

// List returns the names of the files in a directory of that system.
func (l *Loader) List(dir string) ([]string, error) {
	full, err := l.tree.resolve(dir)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(full)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}
