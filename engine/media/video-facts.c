/* SPDX-License-Identifier: Apache-2.0 */
/* What container and codec say of themselves. */
#include "media/video-private.h"

#include <libavutil/pixdesc.h>
#include <string.h>

/* What a crafted file may make us repeat. */
#define MAX_TEXT_BYTES 1000
#define MAX_TAGS 64
#define MAX_ENCODER_BYTES 600

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  g_autofree char *valid = NULL;

  if (text == NULL || *text == '\0')
    return;
  valid = g_utf8_make_valid (text, (gssize) strnlen (text, MAX_TEXT_BYTES));
  json_object_set_string_member (object, member, valid);
}

static void
set_rate (JsonObject *object, const char *member, AVRational rate)
{
  g_autofree char *text = g_strdup_printf ("%d/%d", rate.num, rate.den);

  if (rate.num > 0 && rate.den > 0)
    json_object_set_string_member (object, member, text);
}

static void
set_tags (JsonObject *object, const AVDictionary *tags)
{
  JsonObject *out = json_object_new ();
  const AVDictionaryEntry *tag = NULL;
  guint n = 0;

  while ((tag = av_dict_get (tags, "", tag, AV_DICT_IGNORE_SUFFIX)) != NULL && n++ < MAX_TAGS) {
    g_autofree char *key = g_utf8_make_valid (tag->key, (gssize) strnlen (tag->key, MAX_TEXT_BYTES));

    set_text (out, key, tag->value);
  }
  json_object_set_object_member (object, "tags", out);
}

/* The four characters of a codec tag, where they are characters. */
static char *
tag_text (guint32 tag)
{
  char text[5] = { (char) tag, (char) (tag >> 8), (char) (tag >> 16), (char) (tag >> 24), '\0' };

  for (int i = 0; i < 4; i++)
    if (!g_ascii_isprint (text[i]))
      return g_strdup_printf ("0x%08x", tag);
  return g_strdup (text);
}

static JsonObject *
describe_stream (const AVStream *stream)
{
  const AVCodecParameters *parameters = stream->codecpar;
  JsonObject *out = json_object_new ();
  g_autofree char *tag = tag_text (parameters->codec_tag);

  json_object_set_int_member (out, "index", stream->index);
  set_text (out, "type", av_get_media_type_string (parameters->codec_type));
  set_text (out, "codec", avcodec_get_name (parameters->codec_id));
  if (parameters->codec_tag != 0)
    set_text (out, "codec_tag", tag);
  set_text (out, "profile", avcodec_profile_name (parameters->codec_id, parameters->profile));
  set_rate (out, "time_base", stream->time_base);
  set_rate (out, "average_rate", stream->avg_frame_rate);
  set_rate (out, "base_rate", stream->r_frame_rate);
  if (stream->start_time != AV_NOPTS_VALUE)
    json_object_set_int_member (out, "start_us", av_rescale_q (stream->start_time, stream->time_base, AV_TIME_BASE_Q));
  if (stream->duration > 0)
    json_object_set_int_member (out, "duration_us", av_rescale_q (stream->duration, stream->time_base, AV_TIME_BASE_Q));
  if (stream->nb_frames > 0)
    json_object_set_int_member (out, "frames_stated", stream->nb_frames);
  if (parameters->bit_rate > 0)
    json_object_set_int_member (out, "bit_rate", parameters->bit_rate);
  if (parameters->codec_type == AVMEDIA_TYPE_AUDIO)
    json_object_set_int_member (out, "sample_rate", parameters->sample_rate);
  set_tags (out, stream->metadata);
  return out;
}

static JsonObject *
describe_container (const SmbVideo *video)
{
  const AVFormatContext *format = video->format;
  const AVDictionaryEntry *created = av_dict_get (format->metadata, "creation_time", NULL, 0);
  JsonObject *out = json_object_new ();

  set_text (out, "format", format->iformat->name);
  set_text (out, "name", format->iformat->long_name);
  json_object_set_int_member (out, "size_bytes", (gint64) video->job.size_bytes);
  if (format->duration > 0)
    json_object_set_int_member (out, "duration_us", format->duration);
  if (format->start_time != AV_NOPTS_VALUE)
    json_object_set_int_member (out, "start_us", format->start_time);
  if (format->bit_rate > 0)
    json_object_set_int_member (out, "bit_rate", format->bit_rate);
  if (created != NULL)
    set_text (out, "created", created->value);
  set_tags (out, format->metadata);
  return out;
}

/* Encoders sign their streams in user data: "x264 - core 164 …", "x265 (build 199) …", "Lavc59.37.100". */
static char *
find_signature (const guint8 *data, gsize n_bytes)
{
  static const char *const beginnings[] = { "x264 - core", "x265 (build", "Lavc", "XviD", "DivX", "SVT-AV1" };

  for (guint i = 0; i < G_N_ELEMENTS (beginnings); i++) {
    const guint8 *at = memmem (data, n_bytes, beginnings[i], strlen (beginnings[i]));
    gsize n = 0;

    while (at != NULL && at + n < data + n_bytes && n < MAX_ENCODER_BYTES && g_ascii_isprint (at[n]))
      n++;
    if (n > 0)
      return g_strndup ((const char *) at, n);
  }
  return NULL;
}

static void
set_encoder (const SmbVideo *video, JsonObject *out)
{
  const AVStream *stream = video->format->streams[video->stream];
  const AVCodecParameters *parameters = stream->codecpar;
  const AVDictionaryEntry *tag = av_dict_get (stream->metadata, "encoder", NULL, 0);
  g_autofree char *signature = NULL;

  if (parameters->extradata_size > 0)
    signature = find_signature (parameters->extradata, (gsize) parameters->extradata_size);
  if (signature == NULL) {
    const VideoPacket *first = &g_array_index (video->packets, VideoPacket, 0);
    g_autofree guint8 *head = NULL;
    gsize n = MIN ((gsize) first->size, 64u << 10);

    /* Containers keep a picture's bytes in one piece, mostly; where they do not nothing is found. */
    head = g_malloc (n + 1);
    if (first->pos >= 0 && picture_read ((PictureJob *) &video->job, (guint64) first->pos, head, n, NULL) == (gssize) n)
      signature = find_signature (head, n);
  }
  if (tag == NULL)
    tag = av_dict_get (video->format->metadata, "encoder", NULL, 0);
  set_text (out, "encoder", tag != NULL ? tag->value : NULL);
  set_text (out, "encoder_signature", signature);
}

static const char *
field_order_text (enum AVFieldOrder order)
{
  switch (order) {
  case AV_FIELD_PROGRESSIVE:
    return "progressive";
  case AV_FIELD_TT:
  case AV_FIELD_TB:
    return "top first";
  case AV_FIELD_BB:
  case AV_FIELD_BT:
    return "bottom first";
  default:
    return "unknown";
  }
}

static JsonObject *
describe_video (const SmbVideo *video)
{
  const AVStream *stream = video->format->streams[video->stream];
  const AVCodecParameters *parameters = stream->codecpar;
  const AVPixFmtDescriptor *pixels = av_pix_fmt_desc_get (parameters->format);
  JsonObject *out = json_object_new ();

  json_object_set_int_member (out, "stream", stream->index);
  set_text (out, "codec", avcodec_get_name (parameters->codec_id));
  set_text (out, "profile", avcodec_profile_name (parameters->codec_id, parameters->profile));
  json_object_set_int_member (out, "level", parameters->level);
  set_text (out, "decoder", video->decoder->codec->name);
  set_text (out, "pixel_format", pixels != NULL ? pixels->name : NULL);
  json_object_set_int_member (out, "bits", pixels != NULL ? pixels->comp[0].depth : 0);
  json_object_set_int_member (out, "stored_width", parameters->width);
  json_object_set_int_member (out, "stored_height", parameters->height);
  json_object_set_int_member (out, "orientation", video->orientation);
  set_rate (out, "pixel_aspect", av_guess_sample_aspect_ratio (video->format, (AVStream *) stream, NULL));
  set_text (out, "fields", field_order_text (parameters->field_order));
  set_text (out, "colour_range", av_color_range_name (parameters->color_range));
  set_text (out, "colour_space", av_color_space_name (parameters->color_space));
  set_text (out, "colour_primaries", av_color_primaries_name (parameters->color_primaries));
  set_text (out, "colour_transfer", av_color_transfer_name (parameters->color_trc));
  json_object_set_int_member (out, "reorder_delay", video->decoder->has_b_frames);
  set_encoder (video, out);
  return out;
}

/* Groups of pictures: from one key frame to the next. */
static JsonObject *
describe_gops (const SmbVideo *video)
{
  const VideoPacket *packets = (const VideoPacket *) video->packets->data;
  const SmbVideoSlot *slots = (const SmbVideoSlot *) video->slots->data;
  JsonObject *out = json_object_new ();
  guint n_keys = 0, shortest = 0, longest = 0, length = 0, open = 0;
  gboolean leads = FALSE;

  for (guint i = 0; i <= video->packets->len; i++) {
    if (i == video->packets->len || (packets[i].flags & VIDEO_PACKET_KEY) != 0) {
      if (n_keys > 0) {
        shortest = n_keys == 1 ? length : MIN (shortest, length);
        longest = MAX (longest, length);
        open += leads;
      }
      n_keys += i < video->packets->len;
      length = 0;
      leads = FALSE;
    }
    length++;
    leads |= i < video->packets->len && (packets[i].flags & VIDEO_PACKET_LEADING) != 0;
  }
  for (guint k = 0; video->packets->len == 0 && k < video->slots->len; k++)
    n_keys += (slots[k].flags & SMB_VIDEO_SLOT_KEY) != 0;
  json_object_set_int_member (out, "key_frames", n_keys);
  json_object_set_int_member (out, "shortest", shortest);
  json_object_set_int_member (out, "longest", longest);
  if (n_keys > 0)
    json_object_set_double_member (out, "mean", (double) MAX (video->packets->len, video->slots->len) / n_keys);
  json_object_set_int_member (out, "open", open);
  json_object_set_int_member (out, "closed", n_keys - open);
  json_object_set_int_member (out, "leading_pictures", (gint64) video->n_leading);
  json_object_set_int_member (out, "hidden_pictures", (gint64) video->n_hidden);
  return out;
}

JsonObject *
smb_video_describe (const SmbVideo *video)
{
  JsonObject *out = json_object_new ();
  JsonObject *about;
  JsonArray *streams = json_array_new ();

  if (video->webp != NULL) {
    JsonObject *container = json_object_new ();

    json_object_set_string_member (container, "format", "webp");
    json_object_set_string_member (container, "name", "WebP (animated)");
    json_object_set_int_member (container, "size_bytes", (gint64) video->job.size_bytes);
    json_object_set_object_member (out, "container", container);
    about = video_webp_describe (video);
  } else {
    json_object_set_object_member (out, "container", describe_container (video));
    for (guint i = 0; i < video->format->nb_streams; i++)
      json_array_add_object_element (streams, describe_stream (video->format->streams[i]));
    about = describe_video (video);
  }
  json_object_set_array_member (out, "streams", streams);
  json_object_set_int_member (about, "frames", video->slots->len);
  json_object_set_string_member (about, "numbered_by", video->by_decoding ? "decoding" : "times");
  json_object_set_object_member (out, "video", about);
  json_object_set_object_member (out, "gops", describe_gops (video));
  json_object_set_object_member (out, "times", video_times_describe (video));
  return out;
}
