/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FIELD(kind, rank, key): only rows. A key "a.b" is b within an object a, or so spelled; one without a point is found at any depth.
 * Of several that an object has, the one of the lowest rank counts, then the one that lies least deep.
 */
/* what was logged */
FIELD(MESSAGE, 1, "MESSAGE")              /* journald */
FIELD(MESSAGE, 1, "message")              /* Beats, rsyslog, Logstash, Vector, CloudWatch */
FIELD(MESSAGE, 1, "msg")                  /* dmesg -J, zap and logrus */
FIELD(MESSAGE, 1, "log")                  /* Docker's json-file, fluent-bit */
FIELD(MESSAGE, 1, "line")                 /* Loki */
FIELD(MESSAGE, 1, "values")               /* Loki's pairs of time and line */
FIELD(MESSAGE, 1, "textPayload")          /* Google's Cloud Logging */
FIELD(MESSAGE, 1, "body")                 /* OpenTelemetry */
FIELD(MESSAGE, 1, "body.stringValue")
FIELD(MESSAGE, 1, "body.string_value")
FIELD(MESSAGE, 1, "@message")             /* CloudWatch Insights */
FIELD(MESSAGE, 1, "_raw")                 /* Splunk */
FIELD(MESSAGE, 1, "raw")
FIELD(MESSAGE, 1, "event")                /* Splunk's collector */
FIELD(MESSAGE, 1, "text")
FIELD(MESSAGE, 2, "event.original")
FIELD(MESSAGE, 2, "original")
FIELD(MESSAGE, 2, "rawmsg")
FIELD(MESSAGE, 2, "full_message")         /* GELF */
FIELD(MESSAGE, 3, "short_message")
FIELD(MESSAGE, 2, "log_message")
FIELD(MESSAGE, 2, "logMessage")
FIELD(MESSAGE, 2, "SyslogMessage")        /* Azure */
FIELD(MESSAGE, 2, "RawData")
FIELD(MESSAGE, 2, "LogEntry")
/* where */
FIELD(HOST, 1, "_HOSTNAME")
FIELD(HOST, 2, "hostname")
FIELD(HOST, 2, "HOSTNAME")
FIELD(HOST, 2, "host")
FIELD(HOST, 2, "Host")
FIELD(HOST, 2, "host.name")
FIELD(HOST, 3, "host.hostname")
FIELD(HOST, 3, "syslog_hostname")
FIELD(HOST, 3, "logsource")
FIELD(HOST, 3, "fromhost")
FIELD(HOST, 3, "Computer")
FIELD(HOST, 3, "HostName")
FIELD(HOST, 3, "nodename")
FIELD(HOST, 3, "node_name")
FIELD(HOST, 3, "nodeName")
FIELD(HOST, 3, "node")
FIELD(HOST, 3, "node.name")
FIELD(HOST, 3, "kubernetes.node_name")
FIELD(HOST, 3, "k8s.node.name")
FIELD(HOST, 4, "instance")
FIELD(HOST, 4, "agent.hostname")
FIELD(HOST, 4, "beat.hostname")
/* who wrote it */
FIELD(TAG, 1, "SYSLOG_IDENTIFIER")
FIELD(TAG, 1, "program")
FIELD(TAG, 1, "programname")
FIELD(TAG, 1, "app-name")
FIELD(TAG, 1, "appname")
FIELD(TAG, 1, "app_name")
FIELD(TAG, 2, "syslogtag")
FIELD(TAG, 2, "syslog_identifier")
FIELD(TAG, 2, "ident")
FIELD(FACILITY, 1, "SYSLOG_FACILITY")
FIELD(FACILITY, 1, "facility")
FIELD(FACILITY, 1, "syslogfacility-text")
FIELD(FACILITY, 1, "syslogfacility")
FIELD(FACILITY, 2, "fac")
FIELD(PRI, 1, "pri")
/* journald's own */
FIELD(TRANSPORT, 1, "_TRANSPORT")
FIELD(AUDIT_TYPE, 1, "_AUDIT_TYPE")
FIELD(AUDIT_ID, 1, "_AUDIT_ID")
FIELD(SOURCE_US, 1, "_SOURCE_REALTIME_TIMESTAMP")
FIELD(REALTIME_US, 1, "__REALTIME_TIMESTAMP")
FIELD(MONOTONIC_US, 1, "__MONOTONIC_TIMESTAMP")
/* when it was written: for marks of loss */
FIELD(TIME, 1, "@timestamp")
FIELD(TIME, 1, "timestamp")
FIELD(TIME, 2, "time")
