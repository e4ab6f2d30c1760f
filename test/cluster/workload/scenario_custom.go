// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

func crdResource() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
}

// playCustom defines a resource of its own, makes objects that own others, updates their status as
// a controller, deletes them in the foreground, and takes the definition away.
func playCustom(ctx context.Context, p *play) error {
	group := p.id + ".example.com"
	widgets := schema.GroupVersionResource{Group: group, Version: "v1", Resource: "widgets"}
	definitions := p.as(gitops).objects.Resource(crdResource())
	at(ctx, "define")
	if _, err := definitions.Create(ctx, definition(group), metav1.CreateOptions{}); err != nil {
		return err
	}
	alices, operators := p.as(gitops).objects.Resource(widgets).Namespace(p.namespace), p.as(operatorA).objects.Resource(widgets).Namespace(p.namespace)
	at(ctx, "create")
	var parent *unstructured.Unstructured
	// The definition is served some moments after it is there.
	err := until(ctx, "the definition is served", func(ctx context.Context) (bool, error) {
		var err error
		parent, err = alices.Create(ctx, widget(group, "parent", 1), metav1.CreateOptions{})
		return err == nil, ignore(err, apierrors.IsNotFound)
	})
	if err != nil {
		return err
	}
	at(ctx, "own")
	block, controller := true, true
	owned := []metav1.OwnerReference{{APIVersion: group + "/v1", Kind: "Widget", Name: "parent", UID: parent.GetUID(), Controller: &controller, BlockOwnerDeletion: &block}}
	for n := range p.between(1, 3) {
		child := widget(group, fmt.Sprintf("child-%d", n), n)
		child.SetOwnerReferences(owned)
		if _, err := operators.Create(ctx, child, metav1.CreateOptions{}); err != nil {
			return err
		}
		meta := p.meta(fmt.Sprintf("part-%d", n))
		meta.OwnerReferences = owned
		if _, err := p.as(operatorA).CoreV1().ConfigMaps(p.namespace).Create(ctx, &corev1.ConfigMap{ObjectMeta: meta}, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	at(ctx, "reconcile")
	for n := range p.between(2, 6) {
		if _, err := alices.Patch(ctx, "parent", types.MergePatchType, fmt.Appendf(nil, `{"spec":{"size":%d}}`, n+2), metav1.PatchOptions{}); err != nil {
			return err
		}
		err := edit(ctx, func() (*unstructured.Unstructured, error) { return operators.Get(ctx, "parent", metav1.GetOptions{}) },
			func(o *unstructured.Unstructured) {
				o.Object["status"] = map[string]any{"observedGeneration": o.GetGeneration(), "phase": fmt.Sprintf("Sized%d", n)}
			},
			func(o *unstructured.Unstructured) error {
				_, err := operators.UpdateStatus(ctx, o, metav1.UpdateOptions{})
				return err
			})
		if err != nil {
			return err
		}
		p.pause(ctx, 0, time.Second)
	}
	at(ctx, "invalid")
	if err := tolerate(apierrors.IsInvalid)(alices.Patch(ctx, "parent", types.MergePatchType, []byte(`{"spec":{"size":-1}}`), metav1.PatchOptions{})); err != nil {
		return err
	}
	at(ctx, "delete in the foreground")
	foreground := metav1.DeletePropagationForeground
	if err := alices.Delete(ctx, "parent", metav1.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		return err
	}
	err = soon(ctx, 30*time.Second, func(ctx context.Context) (bool, error) {
		_, err := alices.Get(ctx, "parent", metav1.GetOptions{})
		return apierrors.IsNotFound(err), ignore(err, apierrors.IsNotFound)
	})
	if err != nil {
		return err
	}
	at(ctx, "delete the definition with what is left")
	if _, err := alices.Create(ctx, widget(group, "last", 1), metav1.CreateOptions{}); err != nil {
		return err
	}
	return definitions.Delete(ctx, "widgets."+group, metav1.DeleteOptions{})
}

func widget(group, name string, size int) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": group + "/v1", "kind": "Widget",
		"metadata": map[string]any{"name": name},
		"spec":     map[string]any{"size": int64(size)},
	}}
}

func definition(group string) *unstructured.Unstructured {
	open := map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	spec := map[string]any{"type": "object", "properties": map[string]any{"size": map[string]any{"type": "integer", "minimum": int64(0)}}}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "widgets." + group},
		"spec": map[string]any{
			"group": group, "scope": "Namespaced",
			"names": map[string]any{"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true, "subresources": map[string]any{"status": map[string]any{}},
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "properties": map[string]any{"spec": spec, "status": open}}},
			}},
		},
	}}
}
