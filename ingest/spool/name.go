package spool

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/kubewake/kubewake/record"
)

// queueSuffix ends the name of a queue's directory.
const queueSuffix = ".queue"

// maxNameBytes is how much of a cluster's name stands in the name of its directory.
const maxNameBytes = 180

// queueName is the name of a cluster's directory: its own, escaped and cut, for people, and a digest that keeps it apart from others.
func queueName(c record.Cluster) string {
	name := url.PathEscape(string(c))
	sum := sha256.Sum256([]byte(c))
	return name[:min(len(name), maxNameBytes)] + "." + hex.EncodeToString(sum[:8]) + queueSuffix
}

// queueCluster tells the cluster from its directory's name; empty where it was cut: its batches will tell.
func queueCluster(name string) record.Cluster {
	escaped := strings.TrimSuffix(name, queueSuffix)
	if i := strings.LastIndexByte(escaped, '.'); i >= 0 {
		escaped = escaped[:i]
	}
	c, err := url.PathUnescape(escaped)
	if err != nil || queueName(record.Cluster(c)) != name {
		return ""
	}
	return record.Cluster(c)
}
