// Small programs that every Go release since 1.17 builds.
module example.com/corpus/small

go 1.17
