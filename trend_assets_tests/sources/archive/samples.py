"""Documents as people have them, by the format that reads them; made by hand, nobody's."""

from __future__ import annotations

from typing import Any

AT, UNIX = "2024-01-15T12:30:00Z", 1705321800
TWEET_ID = "1746872353000000001"
TWEET: dict[str, Any] = {
    "created_at": "Mon Jan 15 12:30:00 +0000 2024", "id_str": TWEET_ID, "full_text": "hi #ai",
    "entities": {"hashtags": [{"text": "ai"}], "symbols": [], "urls": [], "user_mentions": []},
    "favorite_count": "3", "retweet_count": "1", "lang": "en",
}  # fmt: skip
POST: dict[str, Any] = {"$type": "app.bsky.feed.post", "text": "hi #ai", "createdAt": AT, "langs": ["en"]}
URI = "at://did:plc:x/app.bsky.feed.post/3k"
VIEW: dict[str, Any] = {
    "uri": URI, "cid": "b", "author": {"did": "did:plc:x", "handle": "x.example"}, "record": POST, "indexedAt": AT,
    "likeCount": 1,
}  # fmt: skip
REPOSTED = {"$type": "app.bsky.feed.defs#reasonRepost", "by": {"did": "did:plc:y", "handle": "y"}, "indexedAt": AT}
STATUS: dict[str, Any] = {
    "id": "1", "uri": "https://m.example/users/a/statuses/1", "created_at": AT, "content": "<p>hi #ai</p>",
    "account": {"acct": "a", "url": "https://m.example/@a"}, "tags": [{"name": "ai"}], "reblog": None,
}  # fmt: skip
NOTE: dict[str, Any] = {
    "id": "https://m.example/users/a/statuses/2", "type": "Note", "published": AT, "content": "<p>hi #ai &amp; co</p>",
    "attributedTo": "https://m.example/users/a", "tag": [{"type": "Hashtag", "name": "#ai"}],
    "inReplyTo": STATUS["uri"], "contentMap": {"en": "<p>hi #ai &amp; co</p>"},
}  # fmt: skip
CREATE = {
    "id": f"{NOTE['id']}/activity",
    "type": "Create",
    "actor": NOTE["attributedTo"],
    "published": AT,
    "object": NOTE,
}
ANNOUNCE = {"id": "https://m.example/users/a/statuses/3/activity", "type": "Announce", "actor": NOTE["attributedTo"],
            "published": AT, "object": "https://two.example/users/b/statuses/9"}  # fmt: skip
SUBMISSION: dict[str, Any] = {
    "kind": "t3",
    "data": {"id": "abc", "name": "t3_abc", "author": "u", "title": "A &amp; B #ai", "selftext": "body",
             "created_utc": float(UNIX), "subreddit": "ai", "num_comments": 1, "score": 2, "is_self": True},
}  # fmt: skip
ANSWER: dict[str, Any] = {
    "kind": "t1",
    "data": {"id": "d2", "author": "[deleted]", "body": "[removed]", "created_utc": UNIX, "subreddit": "ai",
             "link_id": "t3_abc", "parent_id": "t1_d1", "replies": "", "score": 1},
}  # fmt: skip
COMMENT: dict[str, Any] = {
    "kind": "t1",
    "data": {"id": "d1", "author": "v", "body": "yes &gt; no", "created_utc": str(UNIX), "subreddit": "ai",
             "link_id": "t3_abc", "parent_id": "t3_abc",
             "replies": {"kind": "Listing", "data": {"children": [ANSWER, {"kind": "more", "data": {"id": "z"}}]}}},
}  # fmt: skip
HIT: dict[str, Any] = {
    "objectID": "1", "created_at_i": UNIX, "author": "a", "title": "Show HN: &quot;x&quot;", "url": "https://x.example",
    "points": 5, "num_comments": 2, "story_id": 1, "_tags": ["story", "author_a", "story_1"],
}  # fmt: skip
ITEM: dict[str, Any] = {
    "by": "b", "id": 2, "parent": 1, "text": "I&#x27;m <i>sure</i><p>really", "time": UNIX, "type": "comment",
}  # fmt: skip
MESSAGE: dict[str, Any] = {
    "id": 2, "type": "message", "date": "2024-01-15T13:30:00", "date_unixtime": str(UNIX), "from": "chan",
    "from_id": "channel1", "text": ["look ", {"type": "hashtag", "text": "#ai"}, "!"],
    "text_entities": [{"type": "plain", "text": "look "}], "reply_to_message_id": 1,
    "reactions": [{"type": "emoji", "count": 2, "emoji": "x"}, {"type": "emoji", "count": 1, "emoji": "y"}],
}  # fmt: skip
SERVICE = {"id": 1, "type": "service", "date": "2024-01-15T12:00:00", "date_unixtime": "1705320000", "text": ""}
CHAT: dict[str, Any] = {"name": "chan", "type": "public_channel", "id": 1, "messages": [SERVICE, MESSAGE]}
TELETHON: dict[str, Any] = {
    "_": "Message", "id": 7, "peer_id": {"_": "PeerChannel", "channel_id": 1}, "date": AT, "message": "hi #ai",
    "from_id": {"_": "PeerUser", "user_id": 9}, "views": 5, "forwards": 2,
    "fwd_from": {"from_id": {"_": "PeerChannel", "channel_id": 3}, "channel_post": 4},
}  # fmt: skip
DISCORD: dict[str, Any] = {
    "guild": {"id": "1", "name": "g"}, "channel": {"id": "2", "type": "GuildTextChat", "name": "c"},
    "messages": [
        {"id": "3", "type": "Default", "timestamp": "2024-01-15T12:30:00.123+00:00", "content": "hi #ai",
         "author": {"id": "5", "name": "n", "isBot": False}, "attachments": [], "reactions": [{"count": 2}],
         "mentions": [{"id": "6", "name": "m"}]},
        {"id": "4", "type": "Reply", "timestamp": AT, "content": "ho", "author": {"id": "6", "name": "m"},
         "reference": {"messageId": "3", "channelId": "2", "guildId": "1"}},
        {"id": "8", "type": "GuildMemberJoin", "timestamp": AT, "content": "Joined the server.", "author": {"id": "6"}},
    ],
    "messageCount": 3,
}  # fmt: skip
VIDEO: dict[str, Any] = {
    "id": 7324000000000000001, "create_time": UNIX, "username": "u", "region_code": "US", "video_description": "hi #ai",
    "hashtag_names": ["ai"], "like_count": 1, "view_count": 9, "share_count": 2, "comment_count": 3, "music_id": 4,
}  # fmt: skip
TIKTOK = {"data": {"videos": [VIDEO], "cursor": 1, "has_more": False}, "error": {"code": "ok", "message": ""}}
REMARK = {"id": 11, "create_time": UNIX, "video_id": VIDEO["id"], "parent_comment_id": VIDEO["id"], "text": "nice"}
WATCHED: dict[str, Any] = {
    "header": "YouTube", "title": "Watched A video #ai", "titleUrl": "https://www.youtube.com/watch?v\u003dabc",
    "time": AT, "subtitles": [{"name": "C", "url": "https://www.youtube.com/channel/UC1"}], "products": ["YouTube"],
}  # fmt: skip
SEARCHED: dict[str, Any] = {
    "header": "YouTube", "title": "Searched for cats and dogs", "time": AT,
    "titleUrl": "https://www.youtube.com/results?search_query=cats+and+dogs",
}  # fmt: skip
CAPTURED: dict[str, Any] = {
    "nav_index": "1:0", "item_id": "1", "timestamp_collected": UNIX * 1000, "source_platform": "tiktok.com",
    "source_platform_url": "https://www.tiktok.com", "user_agent": "x",
    "data": {"id": "7324000000000000002", "desc": "hi #ai", "createTime": UNIX, "author": {"uniqueId": "u", "id": "5"},
             "stats": {"diggCount": 1, "playCount": 9}, "textExtra": [{"hashtagName": "ai"}, {"hashtagName": ""}]},
}  # fmt: skip
PERSON = {"result": {"rest_id": "5", "legacy": {"screen_name": "a", "followers_count": 3}}}
LOADED: dict[str, Any] = {
    "rest_id": TWEET_ID,
    "core": {"user_results": PERSON},
    "legacy": {**TWEET, "user_id_str": "5"},
}


def captured(platform: str, data: dict[str, Any]) -> dict[str, Any]:
    """An item as Zeeschuimer exports it."""
    return {**CAPTURED, "source_platform": platform, "data": data}


#: What stands in a file, and the ids of the events that it gives; a reason stands for what it rejects.
DOCUMENTS: dict[str, tuple[str, Any, list[str]]] = {
    "own tweets": ("twitter_v1", {"tweet": TWEET}, [TWEET_ID]),
    "status": ("mastodon", STATUS, [STATUS["uri"]]),
    "statuses": ("mastodon", {"statuses": [STATUS], "accounts": [], "hashtags": []}, [STATUS["uri"]]),
    "outbox": (
        "activitypub",
        {"@context": "x", "type": "OrderedCollection", "orderedItems": [CREATE, ANNOUNCE, {"type": "Add"}]},
        [NOTE["id"], ANNOUNCE["id"], "a post that was pinned"],
    ),
    "activity": ("activitypub", CREATE, [NOTE["id"]]),
    "post": ("bluesky", VIEW, [URI]),
    "search": ("bluesky", {"posts": [VIEW], "cursor": "1"}, [URI]),
    "thread": (
        "bluesky",
        {"thread": {"post": {**VIEW, "uri": f"{URI}1"}, "parent": {"post": VIEW},
                    "replies": [{"post": {**VIEW, "uri": f"{URI}2"}}, {"uri": f"{URI}3", "notFound": True}]}},
        [URI, f"{URI}1", f"{URI}2", "no record"],
    ),
    "feed": (
        "bluesky_feed",
        {"feed": [{"post": VIEW}, {"post": VIEW, "reason": REPOSTED}]},
        [URI, f"{URI}#repost/did:plc:y/2024-01-15T12:30:00"],
    ),
    "records": (
        "bluesky_record",
        {"records": [{"uri": URI, "cid": "b", "value": POST},
                     {"uri": "at://did:plc:x/app.bsky.graph.follow/1", "value": {"$type": "app.bsky.graph.follow"}}]},
        [URI, "a follow, not a post"],
    ),
    "jetstream": (
        "jetstream",
        {"did": "did:plc:x", "time_us": UNIX * 1_000_000, "kind": "commit",
         "commit": {"operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k", "record": POST}},
        [URI],
    ),
    "jetstream like": (
        "jetstream",
        {"did": "did:plc:x", "time_us": 1, "kind": "commit",
         "commit": {"operation": "create", "collection": "app.bsky.feed.like", "rkey": "3k", "record": {}}},
        ["a like, not a post"],
    ),
    "jetstream account": ("jetstream", {"did": "did:plc:x", "time_us": 1, "kind": "account"}, ["a notice of an"]),
    "listing": (
        "reddit",
        {"kind": "Listing", "data": {"children": [SUBMISSION, COMMENT, {"kind": "t5", "data": {"id": "s"}}]}},
        ["t3_abc", "t1_d1", "t1_d2", "more comments", "a subreddit, not a post"],
    ),
    "submission line": ("reddit", SUBMISSION["data"], ["t3_abc"]),
    "comment line": ("reddit", ANSWER["data"], ["t1_d2"]),
    "hits": ("hacker_news", {"hits": [HIT], "nbPages": 1}, ["1"]),
    "item": ("hacker_news", ITEM, ["2"]),
    "chat": ("telegram", CHAT, ["a service message", "1/2"]),
    "account": (
        "telegram",
        {"about": "x", "chats": {"about": "x", "list": [CHAT, {**CHAT, "id": 2, "messages": [MESSAGE]}]}},
        ["a service message", "1/2", "2/2"],
    ),
    "telethon": ("telegram_api", TELETHON, ["1/7"]),
    "channel messages": ("telegram_api", {"_": "ChannelMessages", "messages": [TELETHON]}, ["1/7"]),
    "discord": ("discord", DISCORD, ["3", "4", "a message that Discord wrote itself"]),
    "videos": ("tiktok", TIKTOK, ["7324000000000000001"]),
    "remarks": ("tiktok", {"data": {"comments": [REMARK], "cursor": 1}}, ["11"]),
    "watched": ("youtube_takeout", WATCHED, ["abc:2024-01-15T12:30:00.000000"]),
    "searched": ("youtube_takeout", SEARCHED, ["cats and dogs:2024-01-15T12:30:00.000000"]),
    "visited": ("youtube_takeout", {**WATCHED, "titleUrl": "https://www.youtube.com/post/1"}, ["neither a video"]),
    "advertised": ("youtube_takeout", {**WATCHED, "details": [{"name": "From Google Ads"}]}, ["an advertisement"]),
    "captured": ("zeeschuimer", CAPTURED, ["7324000000000000002"]),
    "kept by 4cat": (
        "zeeschuimer", {**CAPTURED["data"], "__import_meta": {"source_platform": "tiktok.com"}}, ["7324000000000000002"]
    ),
    "captured tweet": ("zeeschuimer", captured("x.com", LOADED), [TWEET_ID]),
    "captured truth": ("zeeschuimer", captured("truthsocial.com", STATUS), [STATUS["uri"]]),
    "captured thread": (
        "zeeschuimer",
        captured("threads.net", {"code": "C1", "taken_at": UNIX, "user": {"username": "u"}, "caption": {"text": "#a"}}),
        ["C1"],
    ),
    "captured picture": (
        "zeeschuimer",
        captured("instagram.com", {"shortcode": "C2", "taken_at_timestamp": UNIX, "owner": {"username": "u"},
                                   "edge_media_to_caption": {"edges": [{"node": {"text": "#ai"}}]}}),
        ["C2"],
    ),
    "captured elsewhere": ("zeeschuimer", captured("imgur.com", {"id": "1"}), ["let 4CAT export it as CSV"]),
}  # fmt: skip

FOURCAT_ROW = {
    "id": "5", "thread_id": "chan", "chat": "chan", "author": "9", "author_username": "n", "body": "hi #ai",
    "author_forwarded_from_name": "", "reply_to": "4", "views": "7", "timestamp": "2024-01-15 12:30:00",
    "unix_timestamp": str(UNIX),
}  # fmt: skip
#: Rows of tables, and the ids of the events that each gives.
ROWS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "twarc": (
        "x_v2",
        {"id": TWEET_ID, "created_at": AT, "text": "[RT] hi", "author_id": "12", "author.username": "n", "lang": "en",
         "entities.hashtags": '[{"tag": "ai"}]', "referenced_tweets.retweeted.id": "1746868000000000000",
         "public_metrics.like_count": "3", "author.verified": "True", "author.public_metrics.followers_count": "4"},
        [TWEET_ID],
    ),
    "trends": (
        "google_trends",
        {"Week": "2024-01-14", "a b: (Worldwide)": "<1", "C: D: (United States)": 7},
        ["world:a b:2024-01-14:week", "United States:c: d:2024-01-14:week"],
    ),
    "bigquery": (
        "hacker_news",
        {"id": "2", "by": "b", "time": str(UNIX), "timestamp": "2024-01-15 12:30:00 UTC", "type": "comment",
         "parent": "1", "text": "yes", "dead": "", "deleted": "", "title": ""},
        ["2"],
    ),
    "comments": (
        "youtube_takeout",
        {"Comment ID": "c", "Channel ID": "UC1", "Comment Create Timestamp": "2024-01-15T12:30:00+00:00", "Price": "0",
         "Parent Comment ID": "", "Video ID": "v", "Comment Text": '{"text":"so "},{"text":"#ai"}'},
        ["c"],
    ),
    "4cat": ("fourcat", FOURCAT_ROW, ["chan/5"]),
}  # fmt: skip
