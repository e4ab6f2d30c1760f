// SPDX-License-Identifier: Apache-2.0

// Command generate makes the Go code of jaeger.storage.v2 beside it, from the definitions in the module
// github.com/jaegertracing/jaeger-idl, without protoc:
//
//	go -C api/jaeger/storagepb/generate run .
//
// It is a module of its own, so that what generates is no dependency of what was generated. Annotations for OpenAPI and for the
// documentation of filters are left out: they would bring two more packages and say nothing on the wire.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"github.com/bufbuild/protocompile/sourceinfo"
	_ "go.opentelemetry.io/proto/otlp/trace/v1" // its descriptors are in the registry
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

const (
	goPackage = "github.com/kubewake/kubewake/api/jaeger/storagepb"
	idl       = "github.com/jaegertracing/jaeger-idl"
	version   = "v0.14.0"
	notice    = `// Copyright (c) The Jaeger Authors.
// SPDX-License-Identifier: Apache-2.0
//
// Generated from the definitions of ` + idl + ` ` + version + `, which are under the Apache License, Version 2.0
// (see LICENSE at the root of this repository); options that only document are left out.

`
)

// files are generated, each after those it imports.
func files() []string {
	return []string{"expression/v1/expression.proto", "storage/v2/trace_storage.proto", "storage/v2/dependency_storage.proto", "storage/v2/capabilities.proto"}
}

// leftOut are imports that only documentation needs.
func leftOut() []string {
	return []string{"gnostic/openapiv3/annotations.proto", "expression/v1/vocabulary.proto"}
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := download(ctx)
	if err != nil {
		return err
	}
	sources := map[string]*descriptorpb.FileDescriptorProto{}
	for _, name := range files() {
		if sources[name], err = parse(filepath.Join(dir, "proto", filepath.FromSlash(name)), name); err != nil {
			return err
		}
	}
	request, err := link(ctx, sources)
	if err != nil {
		return err
	}
	for _, plugin := range []struct{ name, parameter string }{
		{"protoc-gen-go", "paths=import"}, {"protoc-gen-go-grpc", "paths=import,require_unimplemented_servers=true"},
	} {
		request.Parameter = proto.String(plugin.parameter + mapped())
		if err := generate(ctx, plugin.name, request, notice); err != nil {
			return fmt.Errorf("%s: %w", plugin.name, err)
		}
	}
	return nil
}

func mapped() string {
	var b strings.Builder
	for _, name := range files() {
		b.WriteString(",M" + name + "=" + goPackage)
	}
	return b.String()
}

// download gives the folder of the definitions, in the module cache.
func download(ctx context.Context) (dir string, err error) {
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", idl+"@"+version).Output()
	var module struct{ Dir, Error string }
	err = errors.Join(err, json.Unmarshal(out, &module))
	if err != nil || module.Dir == "" {
		return "", fmt.Errorf("download %s@%s: %w %s", idl, version, err, module.Error)
	}
	return module.Dir, nil
}

// parse reads one definition and takes the documenting options and their imports out.
func parse(path, name string) (*descriptorpb.FileDescriptorProto, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	handler := reporter.NewHandler(nil)
	tree, err := parser.Parse(name, f, handler)
	if err != nil {
		return nil, err
	}
	result, err := parser.ResultFromAST(tree, false, handler)
	if err != nil {
		return nil, err
	}
	fd := result.FileDescriptorProto()
	fd.SourceCodeInfo = sourceinfo.GenerateSourceInfo(tree, nil)
	fd.Options = &descriptorpb.FileOptions{GoPackage: proto.String(goPackage)}
	fd.Dependency = slices.DeleteFunc(fd.Dependency, func(s string) bool { return slices.Contains(leftOut(), s) })
	for _, m := range fd.MessageType {
		m.Options = nil
		for _, field := range m.Field {
			field.Options = nil
		}
	}
	return fd, nil
}

// link resolves names, and makes what plug-ins are asked: our files behind all they import.
func link(ctx context.Context, sources map[string]*descriptorpb.FileDescriptorProto) (*pluginpb.CodeGeneratorRequest, error) {
	compiler := protocompile.Compiler{Resolver: protocompile.ResolverFunc(func(name string) (protocompile.SearchResult, error) {
		if fd, ok := sources[name]; ok {
			return protocompile.SearchResult{Proto: fd}, nil
		}
		desc, err := protoregistry.GlobalFiles.FindFileByPath(name)
		return protocompile.SearchResult{Desc: desc}, err
	})}
	linked, err := compiler.Compile(ctx, files()...)
	if err != nil {
		return nil, err
	}
	request := &pluginpb.CodeGeneratorRequest{FileToGenerate: files()}
	seen := map[string]bool{}
	var add func(f protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		fd := protodesc.ToFileDescriptorProto(f)
		if source, ours := sources[f.Path()]; ours {
			fd.SourceCodeInfo = source.SourceCodeInfo
		}
		request.ProtoFile = append(request.ProtoFile, fd)
	}
	for _, f := range linked {
		add(f)
	}
	return request, nil
}

// generate runs one plug-in and writes what it answers into the folder above.
func generate(ctx context.Context, plugin string, request *pluginpb.CodeGeneratorRequest, head string) error {
	in, err := proto.Marshal(request)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "tool", plugin)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out.Bytes(), &response); err != nil {
		return err
	}
	if response.Error != nil {
		return errors.New(response.GetError())
	}
	for _, f := range response.File {
		source, err := format.Source([]byte(head + f.GetContent()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join("..", filepath.Base(f.GetName())), source, 0o644); err != nil {
			return err
		}
	}
	return nil
}
