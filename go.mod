module github.com/kubewake/kubewake

go 1.26.8
