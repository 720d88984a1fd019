package scan

import (
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/gobin"
)

// An initTask lists the initialisers of a package, in the order in which the
// runtime calls them (runtime.initTask): words that hold the addresses of code,
// where other data holds function values.
type initTask struct {
	gobin.Range
	fns []int
}

// initTasks are the tasks that the data has, in the order of their run where the
// linker has laid that down (since Go 1.21).
type initTasks struct {
	tasks   []initTask
	ordered bool
	holds   map[uint64]bool // the places of the words with the initialisers
	of      map[int]int     // the task of each initialiser
}

// taskHeader is what is before the list in a task: its state, and how many
// initialisers there are, as 32-bit numbers (Go 1.21 and later).
const taskHeader = 8

// initTasks finds the tasks: by their symbols, and by the lists of them that the
// linker makes. What is not found counts as any other data.
func (a *analysis) initTasks() *initTasks {
	t := &initTasks{holds: map[uint64]bool{}, of: map[int]int{}}
	for _, list := range a.initLists() {
		for at := list.Start; at < list.End; at += 8 {
			task, _ := a.file.Word(at)
			span, _ := a.initTaskAt(task)
			t.add(a, span)
		}
		t.ordered = true
	}
	for s := range a.file.Symbols() {
		if strings.HasSuffix(s.Name, "..inittask") {
			known := slices.ContainsFunc(t.tasks, func(have initTask) bool { return have.Start == s.Addr })
			if !known {
				t.add(a, gobin.Range{Start: s.Addr, End: s.Addr + s.Size})
				t.ordered = false // nothing says when that one runs
			}
		}
	}
	return t
}

// hold reports whether the word at an address holds an initialiser.
func (t *initTasks) hold(addr uint64) bool { return t != nil && t.holds[addr] }

// add adds a task, with the initialisers in it.
func (t *initTasks) add(a *analysis, span gobin.Range) {
	task := initTask{Range: span}
	for at := span.Start &^ 7; at+8 <= span.End; at += 8 {
		word, _ := a.file.Word(at)
		if fn, ok := a.file.FuncWithEntry(word); ok {
			t.holds[at] = true
			t.of[fn] = len(t.tasks)
			task.fns = append(task.fns, fn)
		}
	}
	t.tasks = append(t.tasks, task)
}

// after returns the initialisers that run after fn, one of them: all but those
// that surely ran before.
func (t *initTasks) after(fn int) []int {
	var later []int
	for i, task := range t.tasks {
		switch {
		case !t.ordered || i > t.of[fn]:
			later = append(later, task.fns...)
		case i == t.of[fn]:
			later = append(later, task.fns[slices.Index(task.fns, fn)+1:]...)
		}
	}
	return later
}

// initLists finds the lists of all tasks, the runtime's own first: it is
// initialised before all others. Symbols name them; the module data has the
// program's as a slice.
func (a *analysis) initLists() []gobin.Range {
	var lists []gobin.Range
	for _, name := range []string{"go:runtime.inittasks", "go:main.inittasks"} {
		for s := range a.file.Symbols() {
			if r := (gobin.Range{Start: s.Addr, End: s.Addr + s.Size}); s.Name == name && a.listsInits(r) {
				lists = append(lists, r)
			}
		}
	}
	if len(lists) > 0 {
		return lists
	}
	m := a.file.Module.Addr
	for at := m; at < m+moduleData; at += 8 {
		start, ok1 := a.file.Word(at)
		n, ok2 := a.file.Word(at + 8)
		most, ok3 := a.file.Word(at + 16)
		if r := (gobin.Range{Start: start, End: start + 8*n}); ok1 && ok2 && ok3 && n > 0 && n == most && n < 1<<20 && a.listsInits(r) {
			return []gobin.Range{r}
		}
	}
	return nil
}

// listsInits reports whether all words of a range point to tasks.
func (a *analysis) listsInits(list gobin.Range) bool {
	for at := list.Start; at < list.End; at += 8 {
		task, ok := a.file.Word(at)
		if !ok {
			return false
		}
		if _, ok := a.initTaskAt(task); !ok {
			return false
		}
	}
	return list.Start < list.End
}

// initTaskAt returns the extent of the task at an address.
func (a *analysis) initTaskAt(addr uint64) (gobin.Range, bool) {
	header, ok := a.file.Word(addr)
	n := header >> 32
	if !ok || uint32(header) != 0 || n == 0 || n > 1<<16 || !a.file.IsVariable(addr) {
		return gobin.Range{}, false
	}
	span := gobin.Range{Start: addr, End: addr + taskHeader + 8*n}
	for at := addr + taskHeader; at < span.End; at += 8 {
		word, _ := a.file.Word(at)
		if _, ok := a.file.FuncWithEntry(word); !ok {
			return gobin.Range{}, false
		}
	}
	return span, true
}
