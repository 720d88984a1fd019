package elfimage

import (
	"debug/elf"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A libraryPlace is where a library may be. Some are looked at on some processors only.
type libraryPlace struct {
	path string
	some bool
}

// places returns where a library of that name is looked for, in order (glibc,
// elf/dl-load.c, _dl_map_object).
func (l *Loader) places(name string, by *Image) ([]libraryPlace, error) {
	if l.Musl() {
		return l.muslPlaces(name, by)
	}
	if strings.Contains(name, "/") {
		return l.named(name, by)
	}
	var out []libraryPlace
	add := func(list string, im *Image) error {
		dirs, err := l.expand(list, im)
		for _, dir := range dirs {
			out = l.below(out, dir, name)
		}
		return err
	}
	exe := l.Images[0]
	if by.RunPath == "" {
		passed := false
		for im := by; im != nil; im = l.parent[im] {
			passed = passed || im == exe
			if im.RunPath != "" {
				continue
			}
			if err := add(im.RPath, im); err != nil {
				return nil, err
			}
		}
		if !passed && exe.RunPath == "" {
			if err := add(exe.RPath, exe); err != nil {
				return nil, err
			}
		}
	}
	if err := add(by.RunPath, by); err != nil {
		return nil, err
	}
	system := func(at libraryPlace) bool {
		return slices.ContainsFunc(l.dirs, func(dir string) bool { return strings.HasPrefix(at.path, dir+"/") })
	}
	for _, at := range l.cache[name] {
		if !by.nodeflib() || !system(at) {
			out = append(out, at)
		}
	}
	if !by.nodeflib() {
		for _, dir := range l.dirs {
			out = l.below(out, libraryPlace{dir, false}, name)
		}
	}
	return out, nil
}

// named returns where the library is that is named by a path.
func (l *Loader) named(name string, by *Image) ([]libraryPlace, error) {
	out := l.replace(name, by)
	if !path.IsAbs(out[0].path) {
		return nil, fmt.Errorf("%s is relative to where the program is run", name)
	}
	return out, nil
}

// nodeflib reports whether an image does not want what it needs from the usual places.
func (im *Image) nodeflib() bool {
	return elf.DynFlag1(im.tags[elf.DT_FLAGS_1])&elf.DF_1_NODEFLIB != 0
}

// below adds the places of a file in a directory, and in those below that the loader
// prefers on some processors.
func (l *Loader) below(out []libraryPlace, dir libraryPlace, name string) []libraryPlace {
	subs, known := l.preferred[dir.path]
	if !known {
		for _, sub := range subdirs(l.machine) {
			if first, _, _ := strings.Cut(sub, "/"); l.tree.isDir(dir.path + "/" + first) {
				subs = append(subs, sub)
			}
		}
		l.preferred[dir.path] = subs
	}
	for _, sub := range subs {
		out = append(out, libraryPlace{dir.path + "/" + sub + "/" + name, true})
	}
	return append(out, libraryPlace{dir.path + "/" + name, dir.some})
}

// subdirs returns the directories that the loader prefers on some processors: those
// of glibc 2.33 on, and those that it had up to 2.36.
func subdirs(machine elf.Machine) []string {
	levels := [][]string{{"", "tls"}, {"", "haswell", "xeon_phi"}, {"", "avx512_1"}, {"", "x86_64"}}
	dirs := []string{"glibc-hwcaps/x86-64-v4", "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2"}
	if machine == elf.EM_AARCH64 {
		levels, dirs = [][]string{{"", "tls"}, {"", "aarch64"}, {"", "atomics"}}, nil
	}
	old := []string{""}
	for _, level := range levels {
		var more []string
		for _, dir := range old {
			for _, sub := range level {
				more = append(more, path.Join(dir, sub))
			}
		}
		old = more
	}
	return append(dirs, old[1:]...)
}

// expand splits a list of directories, and replaces what stands for others in it.
func (l *Loader) expand(list string, im *Image) ([]libraryPlace, error) {
	if list == "" {
		return nil, nil
	}
	var out []libraryPlace
	for dir := range strings.SplitSeq(list, ":") {
		for _, at := range l.replace(dir, im) {
			if !path.IsAbs(at.path) {
				return nil, fmt.Errorf("%s looks for libraries in %q, which is relative to where the program is run", im.Name, dir)
			}
			out = append(out, at)
		}
	}
	return out, nil
}

// replace replaces what stands for others in the names that an image asks for. What
// the platform is called depends on the processor in releases of glibc up to 2.36.
func (l *Loader) replace(name string, im *Image) []libraryPlace {
	platforms := []string{"haswell", "xeon_phi", "x86_64"}
	if l.machine == elf.EM_AARCH64 {
		platforms = []string{"aarch64"}
	}
	if !strings.Contains(name, "PLATFORM") {
		platforms = platforms[len(platforms)-1:]
	}
	var out []libraryPlace
	for i, platform := range platforms {
		origin, lib := path.Dir(im.Path), strings.TrimPrefix(slices.Concat(l.dirs, []string{"/lib"})[0], "/")
		r := strings.NewReplacer("$ORIGIN", origin, "${ORIGIN}", origin, "$LIB", lib, "${LIB}", lib, "$PLATFORM", platform, "${PLATFORM}", platform)
		out = append(out, libraryPlace{r.Replace(name), i < len(platforms)-1})
	}
	return out
}

// dirLists matches lists of directories, as the loader has one in its code.
var dirLists = regexp.MustCompile(`(?:/[-+.0-9A-Z_a-z]+)+/\x00(?:(?:/[-+.0-9A-Z_a-z]+)+/\x00)+`)

// systemDirs returns where a loader looks for libraries without being asked for: its
// builder decides, and it holds the list.
func (l *Loader) systemDirs(loader string) []string {
	if full, err := l.tree.resolve(loader); loader != "" && err == nil {
		if im, err := Open(full, loader); err == nil {
			l.self = im.Name
			if list := dirLists.Find(im.data); list != nil {
				var dirs []string
				for dir := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
					dirs = append(dirs, strings.TrimSuffix(dir, "/"))
				}
				return dirs
			}
		}
	}
	multi := "x86_64-linux-gnu"
	if l.machine == elf.EM_AARCH64 {
		multi = "aarch64-linux-gnu"
	}
	return []string{"/lib/" + multi, "/usr/lib/" + multi, "/lib64", "/usr/lib64", "/lib", "/usr/lib"}
}
