/** How one begins to record: the same commands wherever nothing is recorded yet. */
export const recording = {
  demo: 'kubewake demo',
  open: 'kubewake open /var/log/kubernetes/audit/',
  watch: 'kubewake serve --data /var/lib/kubewake --kubeconfig ~/.kube/config --cluster prod',
} as const;
