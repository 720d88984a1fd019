module github.com/gocurb/curb/bench

go 1.26.0

replace github.com/gocurb/curb => ..

require github.com/gocurb/curb v0.0.0
