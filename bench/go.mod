module github.com/gocurb/curb/bench

go 1.26.0
