package elfimage

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A Loader finds and loads libraries as glibc's dynamic loader does, with no
// LD_LIBRARY_PATH and nothing preloaded, on the system below a directory.
type Loader struct {
	Root   string // "" or "/" is this system's
	Images []*Image
	Files  map[string][]byte // what was looked at on this machine, nil where there is nothing
	Found  map[string]*Image // the images among them

	machine elf.Machine
	cache   map[string][]string // paths by name
	asked   map[string]*Image   // by the name asked for, and by path
	parent  map[*Image]*Image   // who asked first
}

// NewLoader returns a loader with an executable as the first image.
func NewLoader(root string, exe *Image) *Loader {
	l := &Loader{Root: root, machine: exe.Machine, asked: map[string]*Image{}, Files: map[string][]byte{}, parent: map[*Image]*Image{}, Found: map[string]*Image{}}
	l.Images = []*Image{exe}
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
	if im := l.asked[name]; im != nil {
		return im, nil
	}
	for _, im := range l.Images[1:] {
		if im.Name == name {
			return im, nil
		}
	}
	for _, at := range l.places(name, by) {
		full, err := resolve(l.Root, at)
		if err != nil {
			l.Files[l.shown(at, "")] = nil
			continue
		}
		if im := l.asked[full]; im != nil {
			l.asked[name] = im
			return im, nil
		}
		im, err := Open(full, at)
		if errors.Is(err, fs.ErrNotExist) || err == nil && im.Machine != l.machine {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := l.variants(at); err != nil {
			return nil, err
		}
		l.asked[name], l.asked[full], l.parent[im] = im, im, by
		l.Files[l.shown(at, full)], l.Found[l.shown(at, full)] = im.data, im
		l.Images = append(l.Images, im)
		return im, nil
	}
	return nil, ErrNotFound
}

// By returns the image that asked for one first, nil for the executable.
func (l *Loader) By(im *Image) *Image { return l.parent[im] }

// shown returns the path by which this machine finds a file of the system again: the
// one that was asked for, so that it is seen where links come to lead elsewhere. Below
// another root links lead out of it, so that it is the file's own.
func (l *Loader) shown(at, full string) string {
	if root := cmp.Or(l.Root, "/"); root == "/" || full == "" {
		return filepath.Join(root, at)
	}
	return full
}

// variants refuses libraries of which there are others for some processors.
func (l *Loader) variants(at string) error {
	pattern := filepath.Join(l.Root, path.Dir(at), "glibc-hwcaps", "*", path.Base(at))
	if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
		return fmt.Errorf("%s is another for this library on some processors, which one is loaded is not known", found[0])
	}
	return nil
}

// places returns where a library of that name is looked for, in order.
func (l *Loader) places(name string, by *Image) []string {
	name = l.replacer(by).Replace(name)
	if strings.Contains(name, "/") {
		return []string{name}
	}
	var out []string
	add := func(dirs []string) {
		for _, dir := range dirs {
			out = append(out, path.Join(dir, name))
		}
	}
	if by.RunPath == "" {
		for im := by; im != nil; im = l.parent[im] {
			if im.RunPath == "" {
				add(l.expand(im.RPath, im))
			}
			if l.parent[im] == nil && im != l.Images[0] {
				add(l.expand(l.Images[0].RPath, l.Images[0]))
			}
		}
	}
	add(l.expand(by.RunPath, by))
	out = append(out, l.cache[name]...)
	add(systemDirs(l.machine))
	return out
}

// expand splits a list of directories, and replaces what stands for others in it.
func (l *Loader) expand(list string, im *Image) []string {
	if list == "" {
		return nil
	}
	return strings.Split(l.replacer(im).Replace(list), ":")
}

// replacer replaces what stands for others in the names that an image asks for.
func (l *Loader) replacer(im *Image) *strings.Replacer {
	lib, platform := "lib64", "x86_64"
	if l.machine == elf.EM_AARCH64 {
		lib, platform = "lib", "aarch64"
	}
	return strings.NewReplacer("$ORIGIN", path.Dir(im.Path), "${ORIGIN}", path.Dir(im.Path), "$LIB", lib, "${LIB}", lib, "$PLATFORM", platform, "${PLATFORM}", platform)
}

// systemDirs are where libraries are without being asked for: Debian's places, too.
func systemDirs(machine elf.Machine) []string {
	multi := "x86_64-linux-gnu"
	if machine == elf.EM_AARCH64 {
		multi = "aarch64-linux-gnu"
	}
	return []string{"/lib/" + multi, "/usr/lib/" + multi, "/lib64", "/usr/lib64", "/lib", "/usr/lib"}
}

// readCache reads the loader's cache of where libraries are: the newer form,
// which the older one may stand before, or the older one alone.
func (l *Loader) readCache() {
	l.cache = map[string][]string{}
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
			l.cache[name] = append(l.cache[name], text(names, uint64(order.Uint32(list[8:]))))
		}
	}
}

// resolve returns where a path of the system below root is, with its symbolic
// links followed there.
func resolve(root, name string) (string, error) {
	if root == "" {
		root = "/"
	}
	done, rest := "/", strings.Split(path.Clean(name), "/")
	for links := 0; len(rest) > 0; {
		next := path.Join(done, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(filepath.Join(root, next))
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		if links++; links > 40 {
			return "", fmt.Errorf("%s: too many symbolic links", name)
		}
		to, err := os.Readlink(filepath.Join(root, next))
		if err != nil {
			return "", err
		}
		if path.IsAbs(to) {
			done = "/"
		}
		rest = append(strings.Split(to, "/"), rest...)
	}
	return filepath.Join(root, done), nil
}

// ReadFile reads a file of the system that the libraries are for.
func (l *Loader) ReadFile(name string) ([]byte, error) {
	full, err := resolve(l.Root, name)
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
	full, err := resolve(l.Root, dir)
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
