// SPDX-License-Identifier: Apache-2.0

// Package storagepb is jaeger.storage.v2, the protocol between Jaeger and a remote storage, as generated Go code: its messages and
// gRPC services. The spans in it are OTLP's, of go.opentelemetry.io/proto/otlp.
package storagepb

//go:generate go -C generate run .
