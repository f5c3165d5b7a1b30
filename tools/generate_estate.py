#!/usr/bin/env python3
"""Writes an estate of Kubernetes and Istio manifests without findings: `generate_estate.py COUNT DIR`.

COUNT objects, ten for each service, a hundred to a file. The same COUNT gives the same bytes.
"""
import sys
from pathlib import Path

OBJECTS_PER_FILE = 100

# Every service has these; {n} is its number, {team} its namespace.
SERVICE = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: svc-{n}
  namespace: {team}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: svc-{n}
  namespace: {team}
data:
  LOG_LEVEL: info
  UPSTREAM: http://svc-{next}.{team}:8080
  settings.yaml: |
    cache:
      entries: {entries}
      ttl: 30s
---
apiVersion: v1
kind: Service
metadata:
  name: svc-{n}
  namespace: {team}
  labels: {{app: svc-{n}, team: {team}}}
spec:
  selector:
    app: svc-{n}
  ports:
  - name: http-web
    port: 8080
    targetPort: http
  - name: http-metrics
    port: 9090
    targetPort: metrics
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: svc-{n}
  namespace: {team}
  labels: {{app: svc-{n}, team: {team}}}
  annotations:
    example.com/owner: "team {team}"
spec:
  replicas: 3
  selector:
    matchLabels:
      app: svc-{n}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 25%
  template:
    metadata:
      labels:
        app: svc-{n}
        version: v1
        team: {team}
    spec:
      serviceAccountName: svc-{n}
      terminationGracePeriodSeconds: 45
      containers:
      - name: app
        image: registry.example.com/{team}/svc-{n}:1.{entries}.0
        args: ["--listen=:8080", "--workers=4"]
        ports:
        - name: http
          containerPort: 8080
        - name: metrics
          containerPort: 9090
        env:
        - name: LOG_LEVEL
          valueFrom:
            configMapKeyRef:
              name: svc-{n}
              key: LOG_LEVEL
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
          limits: {{cpu: 500m, memory: 256Mi}}
        readinessProbe:
          httpGet:
            path: /ready
            port: http
          periodSeconds: 5
        livenessProbe:
          httpGet:
            path: /health
            port: http
          initialDelaySeconds: 10
        securityContext:
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          runAsNonRoot: true
          capabilities:
            drop: [ALL]
        volumeMounts:
        - name: settings
          mountPath: /etc/settings
      volumes:
      - name: settings
        configMap:
          name: svc-{n}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: svc-{n}
  namespace: {team}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: svc-{n}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: svc-{n}
  namespace: {team}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: svc-{n}
  minReplicas: 3
  maxReplicas: 10
  metrics:
  - type: Resource
    resource:
      name: cpu
      target:
        type: Utilization
        averageUtilization: 70
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: svc-{n}
  namespace: {team}
spec:
  hosts:
  - svc-{n}
  http:
  - match:
    - uri:
        prefix: /api/v1
    timeout: 10s
    retries:
      attempts: 2
      retryOn: connect-failure,refused-stream
    route:
    - destination:
        host: svc-{n}
        subset: v1
        port: {{number: 8080}}
  - route:
    - destination:
        host: svc-{n}
        subset: v1
        port: {{number: 8080}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: svc-{n}
  namespace: {team}
spec:
  host: svc-{n}
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
    connectionPool:
      tcp:
        maxConnections: 100
        connectTimeout: 2s
      http:
        http1MaxPendingRequests: 50
        http2MaxRequests: 200
    outlierDetection:
      consecutive5xxErrors: 5
      interval: 30s
      baseEjectionTime: 30s
      maxEjectionPercent: 50
  subsets:
  - name: v1
    labels:
      version: v1
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: svc-{n}
  namespace: {team}
spec:
  selector:
    matchLabels:
      app: svc-{n}
  action: ALLOW
  rules:
  - from:
    - source:
        principals: ["cluster.local/ns/{team}/sa/svc-{before}"]
    to:
    - operation:
        methods: ["GET", "POST"]
        paths: ["/api/*"]
  - from:
    - source:
        namespaces: ["monitoring"]
    to:
    - operation:
        ports: ["9090"]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: svc-{n}
  namespace: {team}
spec:
  podSelector:
    matchLabels:
      app: svc-{n}
  policyTypes: [Ingress]
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: {team}
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: monitoring
"""
SERVICES_PER_TEAM = 20


def objects(count):
    """The texts of COUNT objects. Callers and callees form a ring inside each team."""
    made = 0
    for n in range(count // 10 + 1):
        team, place = divmod(n, SERVICES_PER_TEAM)
        first = team * SERVICES_PER_TEAM
        last = max(min(first + SERVICES_PER_TEAM, -(-count // 10)) - 1, first)
        text = SERVICE.format(n=n, team=f"team-{team}", entries=100 + place, next=first if n >= last else n + 1,
                              before=last if n == first else n - 1)
        for document in text.split("---\n"):
            if made == count:
                return
            made += 1
            yield document


def write(count, folder):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = list(objects(count))
    for start in range(0, count, OBJECTS_PER_FILE):
        path = folder / f"estate-{start // OBJECTS_PER_FILE:04}.yaml"
        path.write_text("---\n".join(texts[start:start + OBJECTS_PER_FILE]), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    write(int(sys.argv[1]), sys.argv[2])
