//! Words of the frame, the way in, and problems.

use crate::words::words;

words! {
    FOOT: "すべての操作は証跡に記録されます", "Everything done here stands in the audit log";
    SKIP: "本文へ移動", "Skip to content";
    MENU: "メニュー", "Menu";
    FIND: "番号・言葉で探す", "Find by number or word";
    FIND_GO: "検索", "Find";
    LOGOUT: "ログアウト", "Log out";
    HOME: "最初の画面へ", "To the first page";
    BREAK_GLASS: "緊急時の例外操作中です。すべて記録され、後で点検されます。", "Emergency access: all is recorded and will be reviewed.";
    P_NOT_FOUND: "見つかりません", "Not found";
    N_NOT_FOUND: "番号や住所の誤り、またはこのアカウントでは見られないものです。", "The number is wrong, or this account may not see it.";
    P_LOGGED_OUT: "ログインが必要です", "Please log in";
    N_LOGGED_OUT: "ログインし直してください。", "Log in again.";
    P_FORBIDDEN: "この操作はできません", "Not allowed";
    N_FORBIDDEN: "必要な役割は、管理責任者または安全管理の担当者が付与します。", "Roles are given by the officer or the security administrator.";
    P_BAD: "入力を確かめてください", "Please check what was entered";
    N_BAD: "前の画面に戻り、直してからもう一度送ってください。", "Go back, mend it and send it again.";
    P_CONFLICT: "規則により受け付けられません", "A rule does not allow this";
    N_CONFLICT: "状態が変わっていることがあります。画面を開き直して確かめてください。", "The state may have changed. Open the page again.";
    P_TOO_LARGE: "大きすぎます", "Too large";
    N_TOO_LARGE: "分けて送ってください。", "Send it in parts.";
    P_TOO_MANY: "要求が多すぎます", "Too many requests";
    N_TOO_MANY: "しばらく待ってからもう一度お試しください。", "Wait a moment and try again.";
    P_TOO_SLOW: "時間内に届きませんでした", "It did not arrive in time";
    N_TOO_SLOW: "通信を確かめ、もう一度送ってください。", "Check the line and send it again.";
    P_FOREIGN: "この画面からの要求ではありません", "Not from a page of this site";
    N_FOREIGN: "最初の画面から操作し直してください。", "Start again from the first page.";
    P_BROKEN: "処理できませんでした", "It could not be done";
    N_BROKEN: "記録しました。続くときは運用担当者に知らせてください。", "It was noted. If it goes on, tell the operator.";
    LOGIN: "ログイン", "Log in";
    ACCOUNT: "アカウント", "Account";
    PASSWORD: "パスワード", "Password";
    NEXT: "次へ", "Next";
    SECOND: "二つ目の確認", "Second factor";
    SECOND_NOTE: "認証アプリに表示された6桁の番号を入力してください。", "Enter the six digits that your authenticator shows.";
    CODE: "6桁の番号", "Six digits";
    INVITED: "招待を受け取った方", "If you were invited";
    INVITATION: "招待の番号(前半)", "Invitation, first half";
    INVITATION_SECOND: "招待の番号(後半)", "Invitation, second half";
    INVITATION_TITLE: "アカウントの利用開始", "Start to use an account";
    NEW_PASSWORD: "新しいパスワード", "New password";
    OLD_PASSWORD: "今のパスワード", "Present password";
    AGAIN: "新しいパスワード(確認)", "New password, again";
    DIFFER: "二つの新しいパスワードが違います。", "The two new passwords differ.";
    CHANGED: "パスワードを変更しました。", "The password was changed.";
    CHANGE: "パスワードの変更", "Change the password";
    ENROL: "認証アプリの登録", "Set up the authenticator";
    ENROL_NOTE: "認証アプリで次の図を読み取るか、番号を手で入力し、表示された6桁の番号を入れてください。", "Scan the picture with an authenticator, or type the secret, then enter the six digits it shows.";
    QR: "認証アプリ用の図形コード", "Code for the authenticator";
    WELCOME: "最初の画面", "First page";
    WELCOME_NOTE: "このアカウントでできることです。", "What this account can do.";
    ROLES: "役割", "Roles";
    ORGANISATION: "所属", "Organisation";
    RULES_TITLE: "画面と権限", "Pages and rights";
}
