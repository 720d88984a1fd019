package scan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gocurb/curb/internal/source"
	"github.com/gocurb/curb/usage"
)

// Which package brings a system call in? The one whose code leads to the call
// with nothing but the standard library in between, on any way: os.Open is
// brought in by who calls it, and not by package syscall, which holds the
// instruction. What a way goes through before the package does not matter.
//
// The standard library itself brings in what the program's start leads to before
// it comes to any other code: what every Go program does, and what the
// initialisers of standard packages do. The part of it that belongs to the
// runtime (memory, threads, signals) is behind every line of Go, and nobody
// else brings it in. A method that can only be found in its type's table, at run
// time, starts anew: its own package brings in what it does.

// origins finds who brings in what, along chains.edges.
type origins struct {
	w       *witness
	foreign []int32 // of each function: its package, if that is not of the standard library, or inStd
	sources []usage.Source
	start   []bool // of functions and objects: the program's start leads there through std alone
	calls   int
	brings  []uint64 // of functions and objects: a set of calls each
}

const inStd = -1

// stdlib is the source that stands for the whole standard library, and loading the
// one for the dynamic loader.
var (
	stdlib  = usage.Source{Package: "std", Module: "std"}
	loading = usage.Source{Package: "dynamic loader", Module: "dynamic loader"}
)

// broughtIn returns, for each of the calls, the packages that bring it in.
func (w *witness) broughtIn(calls []uint32) [][]usage.Source {
	o := &origins{w: w, calls: len(calls)}
	o.packages()
	o.forward()
	o.backward(calls)
	out := make([][]usage.Source, len(calls))
	for i, nr := range calls {
		bringers := make([]bool, len(o.sources))
		byLoader := slices.ContainsFunc(w.a.loaded, func(c loaderCall) bool { return c.nr == nr })
		byStd := len(w.a.found[nr]) == 0 && !byLoader // no code makes it
		for fn, pkg := range o.foreign {
			if pkg != inStd && o.has(fn, i) {
				bringers[pkg] = true
			}
		}
		for _, f := range w.a.found[nr] {
			byStd = byStd || o.foreign[f.fn] == inStd && o.start[f.fn]
		}
		for pkg, ok := range bringers {
			if ok {
				out[i] = append(out[i], o.sources[pkg])
			}
		}
		slices.SortFunc(out[i], func(x, y usage.Source) int { return cmp.Compare(x.Package, y.Package) })
		if byLoader {
			out[i] = append(out[i], loading)
		}
		if byStd || len(out[i]) == 0 {
			out[i] = append(out[i], stdlib)
		}
	}
	return out
}

// packages tells of each reachable function to which package it belongs.
func (o *origins) packages() {
	o.foreign = make([]int32, len(o.w.a.facts))
	known := map[string]int32{}
	for fn := range o.foreign {
		o.foreign[fn] = inStd
		if !o.w.a.whole.has(fn) {
			continue
		}
		pkg := source.PackageOf(o.w.name(fn))
		index, ok := known[pkg]
		if !ok {
			index = inStd
			if module, version := o.w.names.Module(pkg); pkg != "" && (module != "std" || pkg == "main") && !strings.Contains(pkg, ":") {
				index = int32(len(o.sources))
				o.sources = append(o.sources, usage.Source{Package: pkg, Module: module, Version: version})
			}
			known[pkg] = index
		}
		o.foreign[fn] = index
	}
}

// passes reports whether ways go through a node to what is before it.
func (o *origins) passes(node int32) bool {
	return int(node) >= len(o.foreign) || o.foreign[node] == inStd
}

// forward finds what the program's start leads to. What is known to be
// reachable, but not from where, counts as its start.
func (o *origins) forward() {
	out := adjacent(len(o.w.chains.ways), o.w.chains.edges, false)
	o.start = make([]bool, len(o.w.chains.ways))
	var queue []int32
	visit := func(node int32) {
		if !o.start[node] {
			o.start[node] = true
			if o.passes(node) {
				queue = append(queue, node)
			}
		}
	}
	for node := range o.w.chains.ways {
		w := &o.w.chains.ways[node]
		if w.how != notReached && (w.from == noFunc && w.object == noObject || o.w.chains.heldByType(w)) {
			visit(int32(node))
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, to := range out.of(queue[0]) {
			visit(to)
		}
	}
}

// isCore reports whether a function belongs to the runtime, and runs whatever
// else is in the program.
func (o *origins) isCore(node int32) bool {
	if int(node) >= len(o.foreign) || !o.start[node] || o.foreign[node] != inStd {
		return false
	}
	pkg := source.PackageOf(o.w.name(int(node)))
	return pkg == "" || pkg == "runtime" || strings.HasPrefix(pkg, "internal/runtime/") || strings.HasPrefix(pkg, "runtime/internal/")
}

// backward gives every node the calls that it leads to, but for those of the
// runtime's core, through nothing but the standard library.
func (o *origins) backward(calls []uint32) {
	nodes := len(o.w.chains.ways)
	in := adjacent(nodes, o.w.chains.edges, true)
	o.brings = make([]uint64, nodes*o.width())
	waiting := make([]bool, nodes)
	var queue []int32
	add := func(node int32) {
		if !waiting[node] {
			waiting[node] = true
			queue = append(queue, node)
		}
	}
	for i, nr := range calls {
		for _, f := range o.w.a.found[nr] {
			if !o.isCore(int32(f.fn)) {
				o.set(int32(f.fn))[i/64] |= 1 << (i % 64)
				add(int32(f.fn))
			}
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		node := queue[0]
		waiting[node] = false
		if !o.passes(node) {
			continue
		}
		for _, from := range in.of(node) {
			if o.isCore(from) {
				continue
			}
			grown := false
			to := o.set(from)
			for i, calls := range o.set(node) {
				grown = grown || calls&^to[i] != 0
				to[i] |= calls
			}
			if grown {
				add(from)
			}
		}
	}
}

// width is the number of words that a set of calls takes.
func (o *origins) width() int { return (o.calls + 63) / 64 }

func (o *origins) set(node int32) []uint64 {
	return o.brings[int(node)*o.width():][:o.width()]
}

func (o *origins) has(node, call int) bool {
	return o.set(int32(node))[call/64]&(1<<(call%64)) != 0
}

// neighbours lists the nodes beside each node.
type neighbours struct {
	first []int32 // of each node: where its part of nodes begins
	nodes []int32
}

// adjacent lists the nodes to which edges lead from each, or the other way round.
func adjacent(n int, edges []edge, back bool) neighbours {
	out := neighbours{make([]int32, n+2), make([]int32, len(edges))}
	ends := func(e edge) (int32, int32) {
		if back {
			return e.to, e.from
		}
		return e.from, e.to
	}
	for _, e := range edges {
		from, _ := ends(e)
		out.first[from+2]++
	}
	for i := range n {
		out.first[i+2] += out.first[i+1]
	}
	for _, e := range edges {
		from, to := ends(e)
		out.nodes[out.first[from+1]] = to
		out.first[from+1]++
	}
	return out
}

func (n neighbours) of(node int32) []int32 { return n.nodes[n.first[node]:n.first[node+1]] }
