/* SPDX-License-Identifier: Apache-2.0 */
/* Two layers of evidence. */
#ifndef INGEST_TRACK_LAYER_H
#define INGEST_TRACK_LAYER_H

/* Who says it. Compared as numbers: trusted evidence comes before text. */
enum track_layer { TRACK_TRUSTED, TRACK_TEXT, TRACK_LAYERS };

#endif
