package scan

// startMusl visits what the loader of musl looks up by name in itself, as soon as it
// can, to go on with.
func (w *cwalk) startMusl() {
	c := w.c
	if !c.l.Musl() {
		return
	}
	for _, name := range []string{"__dls2b", "__dls3"} {
		for _, s := range c.images[c.loader].Find(name, "") {
			w.visit(cplace{c.loader, s.Addr}, cstep{how: isRoot, from: none, goFn: noFunc, note: "the dynamic loader"})
		}
	}
}
